"""The day after a change: whoever shortened a rule, what was there before waits, and nothing else does."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account
from helpdesk.services.account_settings import change_account
from helpdesk.services.plans import save_plan
from helpdesk.services.retention import Decision, change_retention, end_cooling
from privacy.cadences import Cadence, Every
from privacy.models import AtEnd, Plan, PolicyVersion
from privacy.models.retention import DECIDED
from privacy.services.erasing.purge import purge
from privacy.services.rules.policies import policies_in_force
from privacy.terms import Clock, Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALMOST, OVER = timedelta(hours=23), timedelta(hours=25)


def months(number: int) -> Term:
    return Term(Rule.AFTER, number, Unit.MONTHS)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def undecided(account) -> Account:
    account.retention_policies.all().delete()
    return account


def book(account: Account, plan: str, by) -> None:
    values = {"plan": Plan.objects.get(pk=plan)}
    change_account(account=Account.objects.get(pk=account.pk), by=by, address=NOWHERE, values=values)


def decide(account: Account, category: str, decision: Decision, **options) -> None:
    change_retention(account=account, decisions={category: decision}, by=None, **options)


def cooling(account: Account, now: datetime) -> set[str]:
    rules = policies_in_force(account.pk)
    return {rule.category for rule in rules if rule.cooling_until and rule.cooling_until > now}


# --- What a plan cuts short goes on waiting, whatever the account decides meanwhile


@pytest.mark.parametrize(
    "decision",
    [
        Decision(months(23)),
        Decision(months(24)),
        Decision(Term(Rule.AFTER, 2, Unit.YEARS)),
        Decision(Term(Rule.AFTER, 2, Unit.YEARS), at_end=AtEnd.SKELETON),
        Decision(Term(Rule.AT_ONCE)),
    ],
    ids=["shorter", "as the plan in other words", "as the plan", "other figures", "at once"],
)
@pytest.mark.parametrize("before", ["30 months", "kept by hand", "nothing"])
def test_wait_of_another_plan_outlives_what_the_account_decides(account, operator, now, before, decision):
    account.retention_policies.filter(category="ticket").delete()
    if before == "30 months":
        decide(account, "ticket", Decision(months(30)), skip_cooling=True)
    elif before == "kept by hand":
        decide(account, "ticket", Decision(Term(Rule.KEEP)))
    for _number in range(3):
        factories.ticket(account, closed_at=now - 790 * DAY)
    book(account, "standard", operator)

    decide(account, "ticket", decision)

    assert purge(now=now + timedelta(minutes=1)).due == 0
    assert purge(now=now + ALMOST).due == 0
    assert purge(now=now + OVER).by_category["ticket"] == 3


@pytest.mark.parametrize("before", [Decision(Term(Rule.KEEP)), None], ids=["kept by hand", "nothing"])
def test_month_that_follows_another_plan_waits_its_day(account, operator, now, before):
    account.retention_policies.filter(category="chat").delete()
    if before:
        decide(account, "chat", before)
    factories.chat(account, closed_at=now - 200 * DAY)
    book(account, "standard", operator)

    decide(account, "chat", Decision(months(1)))

    assert purge(now=now + ALMOST).due == 0
    assert purge(now=now + OVER).by_category["chat"] == 1


@pytest.mark.parametrize("days", [7, 5], ids=["the same term", "a shorter one"])
def test_wait_of_a_plans_term_outlives_what_the_account_decides(undecided, operator, now, days):
    factories.chat(undecided, closed_at=now - 20 * DAY)
    save_plan(plan=undecided.plan, by=operator, terms={"chat": Term(Rule.AFTER, 7, Unit.DAYS)})

    decide(undecided, "chat", Decision(Term(Rule.AFTER, days, Unit.DAYS)))

    assert purge(now=now + ALMOST).due == 0
    assert purge(now=now + OVER).by_category["chat"] == 1


def test_plan_that_lengthens_its_term_again_ends_the_wait(undecided, operator, now):
    factories.chat(undecided, closed_at=now - 20 * DAY)
    before = undecided.plan.terms.get(category="chat").term
    save_plan(plan=undecided.plan, by=operator, terms={"chat": Term(Rule.AFTER, 7, Unit.DAYS)})

    save_plan(plan=undecided.plan, by=operator, terms={"chat": before})

    assert cooling(undecided, now) == set()
    assert purge(now=now + OVER).due == 0


def test_plan_that_came_back_the_same_day_keeps_what_it_had_kept(undecided, operator, now):
    factories.chat(undecided, closed_at=now - 200 * DAY)

    book(undecided, "standard", operator)
    book(undecided, "enterprise", operator)

    assert cooling(undecided, now) == set()
    assert purge(now=now + OVER).due == 0


def test_run_that_comes_after_the_wait_is_waited_for_when_runs_change(account, now):
    """The wait was over and its run still to come: more runs don't make it come sooner than a day later."""
    factories.chat(account, closed_at=now - 20 * DAY)
    weekday = (now.weekday() + 4) % 7
    weekly = Cadence(Every.WEEKLY, hour=12, weekday=weekday)
    decide(account, "chat", Decision(Term(Rule.AFTER, 7, Unit.DAYS), cadence=weekly))

    with freeze_time(now + 30 * HOUR):
        decide(account, "chat", Decision(Term(Rule.AFTER, 7, Unit.DAYS)))

    assert purge(now=now + 53 * HOUR).due == 0
    assert purge(now=now + 55 * HOUR).by_category["chat"] == 1


# --- What did not become shorter doesn't wait


def test_upgrade_makes_nothing_wait(undecided, operator, now):
    Account.objects.filter(pk=undecided.pk).update(plan="standard")
    factories.chat(undecided, closed_at=now - 3 * 366 * DAY)

    book(undecided, "enterprise", operator)

    assert cooling(undecided, now) == set()
    assert purge(now=now + timedelta(hours=1)).by_category["chat"] == 1


def test_downgrade_lets_only_what_became_shorter_wait(undecided, operator, now):
    terms = {plan.pk: {each.category: each.term for each in plan.terms.all()} for plan in Plan.objects.all()}
    shorter = {
        str(category)
        for category in DECIDED
        if terms["standard"][category].is_shorter_than(terms["enterprise"][category])
    }

    book(undecided, "standard", operator)

    assert cooling(undecided, now) == shorter
    assert "contact" not in shorter


def test_longer_term_of_a_plan_makes_nothing_wait(undecided, operator, now):
    factories.chat(undecided, closed_at=now - 10 * 366 * DAY)

    save_plan(plan=undecided.plan, by=operator, terms={"chat": Term(Rule.AFTER, 9, Unit.YEARS)})

    assert purge(now=now + timedelta(minutes=1)).by_category["chat"] == 1


def test_what_was_due_before_anyway_goes_with_the_run_that_was_promised(account, now):
    """The shorter term waits a day, the former one doesn't begin to."""
    daily = Cadence(Every.DAILY, hour=(now.hour + 3) % 24)
    thirty = Decision(Term(Rule.AFTER, 30, Unit.DAYS), cadence=daily)
    change_retention(account=account, decisions={"chat": thirty}, by=None, skip_cooling=True)
    promised = factories.chat(account, closed_at=now - 30 * DAY - timedelta(hours=1))
    factories.chat(account, closed_at=now - 20 * DAY)

    decide(account, "chat", Decision(Term(Rule.AFTER, 7, Unit.DAYS)))

    assert purge(now=now + timedelta(hours=1)).due == 0
    assert purge(now=now + timedelta(hours=4)).by_category["chat"] == 1
    assert not type(promised).objects.filter(pk=promised.pk).exists()
    assert purge(now=now + OVER).by_category["chat"] == 1


def test_clock_that_begins_later_makes_nothing_wait_that_was_due(account, now):
    by_creation = Decision(Term(Rule.AFTER, 30, Unit.DAYS), clock=Clock.CREATED)
    change_retention(account=account, decisions={"ticket": by_creation}, by=None, skip_cooling=True)
    factories.ticket(account, created_at=now - 60 * DAY, closed_at=now - 40 * DAY)

    decide(account, "ticket", Decision(Term(Rule.AFTER, 30, Unit.DAYS)))

    assert purge(now=now + timedelta(minutes=1)).by_category["ticket"] == 1


# --- The wait is ended by hand


def test_wait_of_a_plan_is_ended_with_a_reason_and_leaves_a_version(undecided, operator, manager, now):
    factories.chat(undecided, closed_at=now - 200 * DAY)
    book(undecided, "standard", operator)

    ended = end_cooling(account=undecided, category="chat", by=manager, reason="Told by the DPO")

    assert ended
    assert purge(now=now + timedelta(minutes=1)).by_category["chat"] == 1
    assert PolicyVersion.objects.filter(account=undecided).first().reason == "Told by the DPO"
    assert "ticket" in cooling(undecided, now)
    assert not end_cooling(account=undecided, category="chat", by=manager, reason="Again")
