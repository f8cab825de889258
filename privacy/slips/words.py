"""What was masked, in words for the person who typed it and for whoever reads it."""

from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacy.slips.slip import CARD, IBAN, NATIONAL, PASSWORD

KINDS = {
    CARD: gettext_lazy("a card number"),
    IBAN: gettext_lazy("a bank account number"),
    NATIONAL: gettext_lazy("a national identity number"),
    PASSWORD: gettext_lazy("a password"),
}


def known_kinds(codes: Iterable[str]) -> list[str]:
    """Return the kinds of slips among these codes, each once, in one order."""
    found = set(codes)
    return [kind for kind in KINDS if kind in found]


def kinds_in_words(codes: Iterable[str]) -> str:
    """Return the kinds as a list in words; empty for none."""
    return get_text_list([str(KINDS[kind]) for kind in known_kinds(codes)], _("and"))


def what_was_masked(codes: Iterable[str]) -> str:
    """Return the sentence that tells what was masked; empty for nothing."""
    kinds = known_kinds(codes)
    if not kinds:
        return ""
    return ngettext(
        "We masked %(what)s before storing it.", "We masked %(what)s before storing them.", len(kinds)
    ) % {"what": kinds_in_words(kinds)}
