"""When something will be erased, in words that a visitor and an agent can read."""

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.cadences import Every
from privacy.declarations import root_of, units_in
from privacy.models import Suspension
from privacy.services.rules.due import clocks_of
from privacy.services.rules.policies import Policy, policy_in_force
from privacy.services.rules.suspensions import stops_of
from privacy.term_words import has_own_words, term_in_words, usual_clock
from privacy.terms import Rule


class Expiry(NamedTuple):
    """The moment, once the clock runs, or else a sentence. What ``includes/expiry.html`` shows."""

    at: datetime | None
    sentence: str
    at_once: bool = False
    is_held: bool = False


def expiry_of(
    *, account_id: int, category: str, unit: Model | None = None, for_visitor: bool = False
) -> Expiry:
    """Return when a unit of this category is erased; without one, what holds for those to come.

    A visitor is told that something stops the erasure, and not whose business it is.
    """
    stop = stops_of([unit]).get(unit.pk) if unit is not None else None
    if stop and for_visitor:
        return Expiry(None, kept_in_words(stop), is_held=True)
    return expiry_under(policy_in_force(account_id=account_id, category=category), unit, stop)


def expiry_under(policy: Policy, unit: Model | None, stop: Suspension | None = None) -> Expiry:
    """Return the same for a rule and a stop that the caller has at hand, for every row of a list."""
    if stop is not None:
        return Expiry(None, stop_in_words(stop), is_held=True)
    at = erased_at(policy, unit) if unit is not None else None
    at_once = policy.term.rule == Rule.AT_ONCE
    if at is None:
        return Expiry(None, sentence_of(policy), at_once)
    return Expiry(at, _("Will be erased in a moment") if at_once else "", at_once)


def expiry_of_part(part: Model, whole: Expiry) -> Expiry:
    """Return when a part is erased: by its own rule, and with the unit that it belongs to at the latest.

    ``whole`` is what was returned for the unit.
    """
    policy = policy_in_force(account_id=part.account_id, category=root_of(type(part)).category)  # type: ignore[attr-defined]
    own = expiry_under(policy, part, stops_of([part]).get(part.pk))
    if own.is_held or policy.term.rule == Rule.KEEP:
        return whole
    if own.at and whole.at:
        return own if own.at <= whole.at else whole
    if own.at or whole.at:
        return own if own.at else whole
    return own._replace(sentence=_("%(sentence)s, and with the rest at the latest") % own._asdict())


def erased_at(policy: Policy, unit: Model) -> datetime | None:
    """Return when a unit is erased under a rule; ``None`` for never, or as long as it isn't over."""
    declared = root_of(type(unit))
    if declared.over and getattr(unit, declared.over) is None:
        return None
    start, *earlier = (attrgetter(way.replace("__", "."))(unit) for way in clocks_of(declared, policy))
    archived_at = getattr(unit, declared.archive) if declared.archive else None
    return policy.erased_at(start, archived_at, earlier=earlier)


def stop_in_words(stop: Suspension) -> str:
    """Return what stops an erasure, as agents read it."""
    said = {
        Suspension.Kind.HOLD: _("On hold: kept until the hold is released (review on %(day)s)"),
        Suspension.Kind.RESTRICTION: _(
            "Restricted: kept until the restriction is lifted (review on %(day)s)"
        ),
        Suspension.Kind.REQUEST: _("Kept until the request of the person is answered (by %(day)s)"),
    }[Suspension.Kind(stop.kind)]
    return said % {"day": date_format(stop.review_on, "DATE_FORMAT")}


def kept_in_words(stop: Suspension) -> str:
    """Return the same as the visitor reads it."""
    if stop.kind == Suspension.Kind.HOLD:
        return _("Kept for legal reasons for now")
    return _("Kept for now because of your request")


def sentence_of(policy: Policy) -> str:
    """Return the whole rule as one sentence, the one that visitors read."""
    if policy.paused:
        return _("Kept for now: how long is being checked after a restore")
    if policy.term.rule == Rule.KEEP:
        return _("Kept until somebody deletes it")
    return _("Erased %(when)s") % {"when": when_of(policy)}


def when_of(policy: Policy) -> str:
    """Return the rule as the end of a sentence, such as *“30 days after it is closed”*."""
    if policy.paused:
        return _("not before its rule is confirmed, after a restore")
    when = _once_over(policy, term_in_words(policy.term, policy.category, policy.clock))
    if policy.archive is not None:
        when = _("%(length)s after it went to the archive, which is %(active)s") % {
            "length": policy.archive.length_in_words(),
            "active": when,
        }
    if policy.cadence.every != Every.CONTINUOUS:
        when = _("%(when)s, in a run %(cadence)s") % {"when": when, "cadence": policy.cadence.in_words()}
    return when


def _once_over(policy: Policy, when: str) -> str:
    """Add that nothing goes before it is closed, where the clock began earlier."""
    clock = policy.clock or usual_clock(policy.category)
    waits = not has_own_words(policy.category) and any(
        unit.over and unit.clocks.get(clock) != unit.over for unit in units_in(policy.category)
    )
    if policy.term.rule != Rule.AFTER or not waits:
        return when
    return _("%(when)s, once it is closed") % {"when": when}
