"""How late the purge is: what should have been erased by now and is still there, by account."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from privacy.services.rules.due import everything_due, promising
from privacy.services.rules.policies import policies_in_force

# Whoever runs the deployment is told: the worker, or an erasure, is stuck.
OVERDUE_AFTER = timedelta(minutes=15)


class Lag(NamedTuple):
    """Units that are overdue, and the age of the oldest: seconds after it should have been erased."""

    units: int = 0
    seconds: int = 0

    @property
    def is_alarming(self) -> bool:
        return self.seconds > OVERDUE_AFTER.total_seconds()


def lag_by_account(
    *, account_ids: Collection[int] | None = None, now: datetime | None = None
) -> dict[int, Lag]:
    """Return the lag of every account, or of these, that has anything overdue, by the account's id.

    What is held is not overdue. Memory stays flat, however much is.
    """
    now = now or timezone.now()
    lags: dict[int, Lag] = {}
    for account_id, due_at in _overdue(account_ids, now):
        before = lags.get(account_id, Lag())
        age = int((now - min(due_at)).total_seconds())
        lags[account_id] = Lag(before.units + len(due_at), max(before.seconds, age))
    return lags


def whole_lag(lags: Mapping[int, Lag] | None = None, *, now: datetime | None = None) -> Lag:
    """Return the lag of the deployment: all units, and the age of the oldest. ``lags`` are those known."""
    each = (lag_by_account(now=now) if lags is None else lags).values()
    return Lag(sum(lag.units for lag in each), max((lag.seconds for lag in each), default=0))


def _overdue(account_ids: Collection[int] | None, now: datetime) -> Iterator[tuple[int, list[datetime]]]:
    """Yield accounts with the moments at which units of theirs were due, a batch at a time."""
    rules = [rule for rule in policies_in_force() if account_ids is None or rule.account_id in account_ids]
    wanted = promising(rules, now)
    for policy in rules:
        if (policy.account_id, policy.category) in wanted:
            for _declared, batch in everything_due(policy, now):
                if due := [*batch.erase, *batch.archive]:
                    yield policy.account_id, [each.at for each in due]
