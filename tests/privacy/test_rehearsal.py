"""A rehearsal tells what the purge then does, and touches nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chat.models import Conversation
from helpdesk.models import Ticket
from helpdesk.services.retention import Decision, proposed
from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.models import RetentionPolicy
from privacy.services.erasing.purge import purge
from privacy.services.rules.policies import policies_in_force, policy_in_force
from privacy.services.rules.rehearsal import rehearse
from privacy.terms import Clock, Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def after(amount: int, unit: str = Unit.DAYS) -> Term:
    return Term(Rule.AFTER, amount, unit)


def forecast_of(account, decision, category=Category.CHAT, now=NOW, **options):
    in_force = policy_in_force(account_id=account.pk, category=category)
    rule = proposed(in_force, decision, now=now, **options)
    return rehearse([rule], now).forecasts[0]


@pytest.mark.parametrize(
    "cadence",
    [
        Cadence(Every.CONTINUOUS),
        Cadence(Every.HOURLY),
        Cadence(Every.DAILY, hour=2),
        Cadence(Every.WEEKLY, hour=3, weekday=6),
        Cadence(Every.MONTHLY, hour=3, day=31),
    ],
    ids=lambda cadence: cadence.code(),
)
def test_each_day_takes_what_was_foreseen(account, cadence):
    account.time_zone = "Europe/Paris"
    account.save()
    for hours in range(0, 24 * 14, 11):
        factories.chat(account, closed_at=NOW - timedelta(hours=hours))
    factories.hold(Conversation.objects.order_by("closed_at")[3])
    RetentionPolicy.objects.filter(account=account, category="chat").update(
        amount=9, every=cadence.every, hour=cadence.hour, weekday=cadence.weekday, day=cadence.day
    )

    foreseen = rehearse([policy_in_force(account_id=account.pk, category=Category.CHAT)], NOW)
    gone = []
    for day in foreseen.days:
        last_second = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, PARIS)
        gone.append(purge(now=last_second, account_id=account.pk).erased)

    assert sum(gone) > 0
    assert foreseen.by_day == gone
    assert foreseen.held == 1


def test_first_run_is_named_and_counted(account):
    for days in (1, 8, 10, 40):
        factories.chat(account, closed_at=NOW - timedelta(days=days))
    weekly = Cadence(Every.WEEKLY, hour=3, weekday=6)

    found = forecast_of(account, Decision(after(9), cadence=weekly), skip_cooling=True)

    assert found.first_run == datetime(2026, 3, 22, 3, tzinfo=UTC)
    assert (found.at_first_run, found.past, found.in_all, found.total) == (3, 2, 4, 4)
    assert found.oldest == (NOW - timedelta(days=40)).date()


def test_what_was_there_before_a_shorter_term_waits_a_day(account):
    factories.chat(account, closed_at=NOW - timedelta(days=10))
    shorter = Decision(after(7))

    waiting = forecast_of(account, shorter)
    at_once = forecast_of(account, shorter, skip_cooling=True)

    assert (waiting.first_run, waiting.by_day[:2]) == (NOW + timedelta(days=1), [0, 1])
    assert (at_once.first_run, at_once.by_day[:2]) == (NOW, [1, 0])
    assert waiting.past == at_once.past == 1


def test_archive_takes_first_and_erases_later(account):
    factories.chat(account, closed_at=NOW - timedelta(days=10))
    factories.chat(account, closed_at=NOW - timedelta(days=50), archived_at=NOW - timedelta(days=40))

    found = forecast_of(account, Decision(after(7), archive=after(50)), skip_cooling=True)

    assert (found.archived, found.in_all) == (1, 1)
    assert found.by_day[10] == 1


def test_what_a_shorter_archive_erases_waits_a_day(account):
    factories.chat(account, closed_at=NOW - timedelta(days=90), archived_at=NOW - timedelta(days=60))
    RetentionPolicy.objects.filter(account=account, category="chat").update(
        archive_amount=3, archive_unit=Unit.MONTHS
    )

    found = forecast_of(account, Decision(after(30), archive=after(10)))

    assert (found.past, found.by_day[:2]) == (1, [0, 1])


@pytest.mark.parametrize(("days", "counted"), [(None, 0), (30, 0), (14, 1), (0, 3)])
def test_what_a_term_would_erase_is_counted_for_one_account(account, other_account, days, counted):
    for age in (1, 10, 20):
        factories.ticket(account, closed_at=NOW - timedelta(days=age))
    factories.ticket(account)
    factories.ticket(other_account, closed_at=NOW - timedelta(days=90))
    term = {None: Term(Rule.KEEP), 0: Term(Rule.AT_ONCE)}.get(days) or after(days)

    assert forecast_of(account, Decision(term), Category.TICKET).past == counted


def test_clock_that_starts_earlier_is_counted_from_there(account):
    factories.chat(account, created_at=NOW - timedelta(days=31), closed_at=NOW - timedelta(days=1))

    assert forecast_of(account, Decision(after(30))).past == 0
    assert forecast_of(account, Decision(after(30), clock=Clock.CREATED)).past == 1


def test_more_than_may_be_read_is_said(account):
    for _number in range(4):
        factories.chat(account, closed_at=NOW - timedelta(days=40))
    factories.ticket(account, closed_at=NOW - timedelta(days=40))
    rules = list(policies_in_force(account.pk))

    whole, part = rehearse(rules, NOW), rehearse(rules, NOW, at_most=3)

    assert (whole.cut, whole.in_all) == (False, 5)
    assert (part.cut, part.in_all) == (True, 3)
    assert {each.category for each in part.forecasts if each.cut} == {Category.CHAT}


def test_rehearsal_touches_nothing(account):
    factories.chat(account, closed_at=NOW - timedelta(days=90))
    factories.ticket(account, closed_at=NOW - timedelta(days=90))

    rehearse(policies_in_force(account.pk), NOW)

    assert (Conversation.objects.count(), Ticket.objects.count()) == (1, 1)
    assert RetentionPolicy.objects.filter(account=account).count() == 2
