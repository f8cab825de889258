"""The choices of a field, typed one on a line in each language."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from helpdesk.forms.texts import TextsField

OPTION_LIMIT = 120


class OptionsField(TextsField):
    """Return a list of ``{"texts"}``, one a choice; :func:`with_keys` gives each its key."""

    def __init__(self, **options: Any) -> None:
        super().__init__(rows=5, max_length=6_000, required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        return texts_of(value) if value and isinstance(value[0], dict) else value

    def clean(self, value: Any) -> Any:
        lines = {
            language: [line.strip() for line in words.splitlines() if line.strip()]
            for language, words in super().clean(value).items()
        }
        if len({len(each) for each in lines.values()}) > 1:
            raise ValidationError(_("Write the same number of choices in each language."), "uneven")
        for each in lines.values():
            if len(set(each)) < len(each):
                raise ValidationError(_("Two choices have the same words."), "twice")
            if any(len(line) > OPTION_LIMIT for line in each):
                raise ValidationError(
                    _("A choice has at most %(limit)d characters.") % {"limit": OPTION_LIMIT}, "long"
                )
        return [
            {"texts": dict(zip(lines, words, strict=True))} for words in zip(*lines.values(), strict=True)
        ]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(texts_of(initial or []), data)


def texts_of(options: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return options as they are typed: by language, one on a line."""
    languages = list(dict.fromkeys(code for each in options for code in each["texts"]))
    return {code: "\n".join(each["texts"].get(code, "") for each in options) for code in languages}


def with_keys(typed: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each choice a key: its old one where some of its words stay, so that an open form still fits."""
    known = {(code, words): each["key"] for each in before for code, words in each["texts"].items()}
    taken: set[str] = set()
    options = []
    for each in typed:
        found = [known[pair] for pair in each["texts"].items() if pair in known]
        base = next(iter(found), "") or slugify(next(iter(each["texts"].values())))[:40] or "choice"
        key, number = base, 2
        while key in taken or (key not in found and key in known.values()):
            key, number = f"{base}-{number}", number + 1
        taken.add(key)
        options.append({"key": key, "texts": each["texts"]})
    return options
