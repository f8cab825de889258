"""How long a chat or ticket is silent before the house closes it, and the wait after that became shorter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from helpdesk.models import Account
from privacy.categories import Category
from privacy.declarations import PersonalData, units_in
from privacy.services.rules.due import clock_of
from privacy.services.rules.policies import COOLING_OFF, Policy
from privacy.services.rules.suspensions import suspended
from privacy.terms import Clock


@dataclass(frozen=True)
class Limit:
    """The names of an account's fields for one limit, its unit, and the clock of silence."""

    field: str
    former: str
    changed_at: str
    unit: str
    clock: str


LIMITS = {
    Category.CHAT: Limit(
        "idle_minutes", "former_idle_minutes", "idle_changed_at", "minutes", Clock.LAST_MESSAGE
    ),
    Category.TICKET: Limit(
        "silent_ticket_days", "former_silent_ticket_days", "silence_changed_at", "days", Clock.LAST_ACTIVITY
    ),
}


def note_shorter_silence(account: Account, before: Mapping[str, Any], *, now: datetime | None = None) -> None:
    """Let what is silent already wait a day where a limit becomes shorter; the caller saves the account.

    ``before`` are the limits as they were, by the names of their fields. A second shortening within that day
    starts the wait again, for the longest of the limits from before.
    """
    now = now or timezone.now()
    for limit in LIMITS.values():
        was = before[limit.field]
        if getattr(account, limit.field) < was:
            former = _former(account, limit, now)
            setattr(account, limit.former, max(was, former or 0))
            setattr(account, limit.changed_at, now)


def silent_since(account: Account, category: str, now: datetime) -> datetime:
    """Return the moment after which somebody must have written in what stays open."""
    return _ago(LIMITS[Category(category)], getattr(account, LIMITS[Category(category)].field), now)


def silent(account: Account, category: str, now: datetime) -> Q:
    """Return the condition that nobody wrote in a chat or ticket for as long as its account allows.

    For a day after the limit became shorter, what was there before has the former one.
    """
    limit = LIMITS[Category(category)]
    last = _unit(category).clocks[limit.clock]
    over = Q(**{f"{last}__lt": silent_since(account, category, now)})
    former = _former(account, limit, now)
    if former is None:
        return over
    came_later = Q(**{f"{last}__gte": getattr(account, limit.changed_at)})
    return over & (came_later | Q(**{f"{last}__lt": _ago(limit, former, now)}))


def closed_by(account: Account, category: str, amount: int, now: datetime) -> QuerySet:
    """Return the open chats or tickets that a shorter limit would close and the present one leaves open."""
    limit, unit = LIMITS[Category(category)], _unit(category)
    last = unit.clocks[limit.clock]
    open_ones = unit.rows().filter(**{"account": account.pk, f"{unit.over}__isnull": True})
    return open_ones.filter(
        **{
            f"{last}__lt": _ago(limit, amount, now),
            f"{last}__gte": silent_since(account, category, now),
        }
    )


def erased_by(rows: QuerySet, policy: Policy, now: datetime) -> QuerySet:
    """Return which of these are over under a rule within a day of being closed, where nothing stops it.

    Where months end, it may be a few more.
    """
    latest = policy.term.latest_start(now + COOLING_OFF, policy.zone)
    if latest is None or policy.archive is not None:
        return rows.none()
    unit = _unit(policy.category)
    clock = clock_of(unit, policy)
    free = rows.exclude(suspended(unit))
    if clock == unit.over:  # the clock begins when it is closed
        return free if now <= latest else rows.none()
    return free.filter(**{f"{clock}__lte": latest})


def _former(account: Account, limit: Limit, now: datetime) -> int | None:
    """Return the longer limit from before, as long as it counts for what was there."""
    changed_at = getattr(account, limit.changed_at)
    return getattr(account, limit.former) if changed_at and now < changed_at + COOLING_OFF else None


def _ago(limit: Limit, amount: int, now: datetime) -> datetime:
    return now - timedelta(**{limit.unit: amount})


def _unit(category: str) -> PersonalData:
    return next(unit for unit in units_in(category) if unit.is_root)
