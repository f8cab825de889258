"""Retention to start from: four companies that others can recognise themselves in."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.models import AtEnd
from privacy.terms import Clock, Rule, Term, Unit

CONTINUOUS = Cadence(Every.CONTINUOUS)
AT_ONCE = Term(Rule.AT_ONCE, 1, Unit.DAYS)


@dataclass(frozen=True)
class Kept:
    """How a preset keeps one category."""

    term: Term
    clock: str = Clock.CLOSED
    cadence: Cadence = CONTINUOUS
    at_end: str = AtEnd.ERASE
    archive: Term | None = None


@dataclass(frozen=True)
class Preset:
    """Rules to start from; what it doesn't name stays as it is."""

    code: str
    name: str | Promise
    about: str | Promise
    rules: Mapping[str, Kept]


def _after(amount: int, unit: str) -> Term:
    return Term(Rule.AFTER, amount, unit)


def _kept(amount: int, unit: str, **more) -> Kept:
    return Kept(_after(amount, unit), **more)


_MONTHLY = Cadence(Every.MONTHLY, hour=3, day=1)

PRESETS = (
    Preset(
        "nothing",
        _("Store nothing"),
        _("Nothing outlives the conversation. For advice lines, and for whoever needs no history."),
        {
            Category.CHAT: Kept(AT_ONCE),
            Category.CHAT_FILE: Kept(AT_ONCE),
            Category.TICKET: Kept(AT_ONCE),
            Category.TICKET_FILE: Kept(AT_ONCE),
            Category.CONTACT: Kept(AT_ONCE),
            Category.TECHNICAL: Kept(AT_ONCE),
            Category.MAIL: Kept(AT_ONCE),
            Category.EXPORT: _kept(1, Unit.DAYS),
        },
    ),
    Preset(
        "desk",
        _("Support desk"),
        _("Long enough to take up a question again. Figures stay for reports, people don't."),
        {
            Category.CHAT: _kept(30, Unit.DAYS, at_end=AtEnd.SKELETON),
            Category.CHAT_FILE: _kept(14, Unit.DAYS),
            Category.TICKET: _kept(6, Unit.MONTHS, at_end=AtEnd.SKELETON),
            Category.TICKET_FILE: _kept(3, Unit.MONTHS),
            Category.CONTACT: Kept(AT_ONCE),
            Category.TECHNICAL: _kept(7, Unit.DAYS),
            Category.MAIL: _kept(30, Unit.DAYS),
        },
    ),
    Preset(
        "shop",
        _("E-commerce"),
        _("Chats while an order is on its way; tickets for the two years of the legal guarantee."),
        {
            Category.CHAT: _kept(3, Unit.MONTHS, clock=Clock.LAST_MESSAGE),
            Category.CHAT_FILE: _kept(3, Unit.MONTHS),
            Category.TICKET: _kept(2, Unit.YEARS, at_end=AtEnd.SKELETON),
            Category.TICKET_FILE: _kept(2, Unit.YEARS),
            Category.CONTACT: Kept(AT_ONCE),
            Category.TECHNICAL: _kept(14, Unit.DAYS),
            Category.MAIL: _kept(3, Unit.MONTHS),
        },
    ),
    Preset(
        "regulated",
        _("Regulated"),
        _("Out of sight soon, in the archive for as long as a supervisor may ask, erased once a month."),
        {
            Category.CHAT: _kept(6, Unit.MONTHS, cadence=_MONTHLY, archive=_after(3, Unit.YEARS)),
            Category.CHAT_FILE: _kept(3, Unit.YEARS, cadence=_MONTHLY),
            Category.TICKET: _kept(1, Unit.YEARS, cadence=_MONTHLY, archive=_after(5, Unit.YEARS)),
            Category.TICKET_FILE: _kept(6, Unit.YEARS, cadence=_MONTHLY),
            Category.CONTACT: _kept(30, Unit.DAYS),
            Category.CONSENT: _kept(6, Unit.YEARS),
            Category.MAIL: _kept(1, Unit.YEARS),
        },
    ),
)


def preset_of(code: str | None) -> Preset | None:
    return next((preset for preset in PRESETS if preset.code == code), None)
