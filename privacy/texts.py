"""Words that a company wrote in several languages: a dictionary from the code of a language to the words."""

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Texts = Mapping[str, str]


def validate_texts(texts: object) -> None:
    """Refuse what is no dictionary from languages of the site to words."""
    languages = dict(settings.LANGUAGES)
    if not isinstance(texts, dict) or not all(
        language in languages and isinstance(words, str) for language, words in texts.items()
    ):
        raise ValidationError(_("Give the words by language, such as en or fr."))


def in_language(texts: Texts, first: str = "") -> str:
    """Return the words in the language of this moment; else in ``first``, the account's own; else in any."""
    for language in (get_language() or "", (get_language() or "").partition("-")[0], first):
        if words := texts.get(language):
            return words
    return next((words for words in texts.values() if words), "")


def language_of(texts: Texts, first: str = "") -> str:
    """Return the language in which :func:`in_language` says it."""
    shown = in_language(texts, first)
    return next((language for language, words in texts.items() if words == shown), "")
