"""How late the purge is: what should have been erased by now and is still there, by account.

Asked every few seconds, also while a million units wait: so the database counts, and rules that are equal are
asked about together.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Min
from django.utils import timezone

from privacy.declarations import PersonalData, roots
from privacy.models import RetentionPolicy
from privacy.terms import Term

OVERDUE_AFTER = timedelta(
    minutes=15
)  # whoever runs the deployment is told: the worker, or an erasure, is stuck
# At ends of months, and when clocks are set, what started later may be due first: never by more than this, so
# younger starts are looked at one by one.
UNDECIDED = timedelta(days=5)


class Lag(NamedTuple):
    """Units that are overdue, and the age of the oldest: seconds after it should have been erased."""

    units: int = 0
    seconds: int = 0

    @property
    def is_alarming(self) -> bool:
        return self.seconds > OVERDUE_AFTER.total_seconds()

    def and_also(self, other: "Lag") -> "Lag":
        """Return the lag of both together."""
        return Lag(self.units + other.units, max(self.seconds, other.seconds))


def lag_by_account(
    *, account_ids: Collection[int] | None = None, now: datetime | None = None
) -> dict[int, Lag]:
    """Return the lag of every account, or of these, that has anything overdue, by the account's id.

    A unit counts from the moment at which it is due. Where the oldest is older than :data:`UNDECIDED`, it is
    the one whose clock started first.
    """
    now = now or timezone.now()
    lags: dict[int, Lag] = defaultdict(Lag)
    for root in roots():
        for term, accounts in _rules(root, account_ids).items():
            for account_id, lag in _overdue(root, term, accounts, now):
                lags[account_id] = lags[account_id].and_also(lag)
    return dict(lags)


def whole_lag(*, now: datetime | None = None) -> Lag:
    """Return the lag of the deployment: all units, and the age of the oldest."""
    whole = Lag()
    for lag in lag_by_account(now=now).values():
        whole = whole.and_also(lag)
    return whole


def _rules(root: PersonalData, account_ids: Collection[int] | None) -> dict[Term, list[int]]:
    """Return the terms that hold for a kind of unit, each with its accounts."""
    rules: dict[Term, list[int]] = defaultdict(list)
    if root.clock:
        policies = RetentionPolicy.objects.filter(category=root.category)
        for policy in policies if account_ids is None else policies.filter(account_id__in=account_ids):
            rules[policy.term].append(policy.account_id)
    return rules


def _overdue(
    root: PersonalData, term: Term, account_ids: Collection[int], now: datetime
) -> Iterator[tuple[int, Lag]]:
    """Yield the accounts of which units are overdue: what is old as one lag, what is young unit by unit."""
    latest = term.latest_start(now)
    if latest is None:
        return
    rows = root.rows().filter(account_id__in=account_ids, **{f"{root.clock}__lte": latest})
    old = rows.filter(**{f"{root.clock}__lte": latest - UNDECIDED}).order_by().values_list("account_id")
    for account_id, units, start in old.annotate(Count("pk"), Min(root.clock)):
        yield account_id, Lag(units, _age(term, start, now))
    young = rows.filter(**{f"{root.clock}__gt": latest - UNDECIDED}).values_list("account_id", root.clock)
    for account_id, start in young.iterator():
        age = _age(term, start, now)
        if age >= 0:
            yield account_id, Lag(1, age)


def _age(term: Term, start: datetime, now: datetime) -> int:
    """Return how many seconds ago a unit was due; less than none where it isn't yet."""
    due_at = term.ends_at(start)
    return int((now - due_at) // timedelta(seconds=1)) if due_at else -1
