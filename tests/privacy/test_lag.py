"""How late the purge is, counted in units and seconds, account by account."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.services.erasing.purge import purge
from privacy.services.rules.lag import OVERDUE_AFTER, Lag, lag_by_account, whole_lag
from privacy.terms import Rule, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def closed_ago(account, **ago):
    return factories.chat(account, closed_at=NOW - timedelta(**ago), created_at=NOW - timedelta(days=90))


@pytest.fixture
def hourly(account):
    """An account that keeps its chats for an hour and its tickets for two."""
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    factories.policy(account, "ticket", amount=2, unit=Unit.HOURS)
    return account


def test_nothing_is_overdue_before_its_time(hourly):
    closed_ago(hourly, minutes=59, seconds=59)
    factories.chat(hourly, created_at=NOW - timedelta(days=90))

    assert lag_by_account(now=NOW) == {}
    assert whole_lag(now=NOW) == Lag(units=0, seconds=0)


def test_lag_is_counted_by_account_over_all_categories(hourly, other_account):
    closed_ago(hourly, minutes=70)
    closed_ago(hourly, minutes=90)
    factories.ticket(hourly, closed_at=NOW - timedelta(minutes=125))
    factories.policy(other_account, "chat", rule=Rule.AT_ONCE)
    closed_ago(other_account, seconds=7)

    assert lag_by_account(now=NOW) == {hourly.pk: Lag(3, 1800), other_account.pk: Lag(1, 7)}
    assert whole_lag(now=NOW) == Lag(4, 1800)


def test_lag_of_some_accounts_is_theirs_only(hourly, other_account):
    closed_ago(hourly, minutes=70)
    factories.policy(other_account, "chat", rule=Rule.AT_ONCE)
    closed_ago(other_account, seconds=7)

    assert lag_by_account(account_ids=[other_account.pk], now=NOW) == {other_account.pk: Lag(1, 7)}


def test_what_is_kept_until_deleted_by_hand_is_never_overdue(account):
    factories.policy(account, "chat", rule=Rule.KEEP)
    closed_ago(account, days=80)

    assert lag_by_account(now=NOW) == {}


@pytest.mark.parametrize(
    "now", [datetime(2026, 2, 28, 12, tzinfo=UTC), NOW, datetime(2024, 2, 29, 9, tzinfo=UTC)]
)
@pytest.mark.parametrize(
    ("amount", "unit"),
    [(90, Unit.MINUTES), (3, Unit.HOURS), (30, Unit.DAYS), (1, Unit.MONTHS), (1, Unit.YEARS)],
)
def test_lag_is_what_the_next_purge_would_erase(account, now, amount, unit):
    factories.policy(account, "chat", amount=amount, unit=unit)
    term = account.retention_policies.get(category="chat").term
    for hours in range(-60, 24 * 9, 7):
        at = term.latest_start(now) - timedelta(hours=hours, seconds=1)
        factories.chat(account, closed_at=at, created_at=at, contact=account.contacts.first())

    lag, report = whole_lag(now=now), purge(dry_run=True, now=now)

    assert lag == Lag(report.due, report.overdue_seconds_max)
    assert 20 < lag.units < 40


def test_many_accounts_are_asked_about_together(account):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            whole_lag(now=NOW)
        return len(captured)

    one = queries()
    for _number in range(3):
        factories.account()

    assert queries() == one


def test_a_purge_leaves_no_lag(hourly):
    closed_ago(hourly, minutes=70)

    purge(now=NOW)

    assert whole_lag(now=NOW) == Lag()


def test_alarm_is_raised_after_fifteen_minutes_and_not_at_them():
    limit = int(OVERDUE_AFTER.total_seconds())

    assert limit == 15 * 60
    assert [Lag(1, limit).is_alarming, Lag(1, limit + 1).is_alarming] == [False, True]
