"""What a plan cuts short waits a day, is counted before it is saved, and leaves a version."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.models import Conversation
from helpdesk.admin.retention_tab import RetentionTab
from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account
from helpdesk.services.account_settings import change_account
from helpdesk.services.plans import save_plan
from helpdesk.services.retention import Decision, change_retention
from privacy.cadences import Cadence, Every
from privacy.models import LedgerEntry, Plan, PolicyVersion
from privacy.services.erasing.purge import purge
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def kept(account, now) -> Conversation:
    """A chat that is kept until somebody deletes it."""
    factories.policy(account, "chat", rule=Rule.KEEP)
    return factories.chat(account, closed_at=now - timedelta(days=200))


def book(account: Account, plan: str, by) -> None:
    values = {"plan": Plan.objects.get(pk=plan)}
    change_account(account=Account.objects.get(pk=account.pk), by=by, address=NOWHERE, values=values)


def test_smaller_plan_erases_a_day_later_and_says_under_which_version(account, operator, kept, now):
    book(account, "standard", operator)

    assert purge(now=now + timedelta(hours=23)).due == 0
    assert purge(now=now + timedelta(hours=25)).erased == 1
    version = PolicyVersion.objects.get(account=account)
    assert (version.before["chat"]["term"], version.after["chat"]["term"]) == ("keep", "after.3.months")
    assert LedgerEntry.objects.get(action="purge.run").params["version"] == version.number


def test_smaller_plan_is_counted_before_it_is_saved(account, kept):
    tab = RetentionTab(account, {}, asks=False, plan=Plan.objects.get(pk="standard"))

    assert tab.doomed == {"chat": 1, "contact": 1}


def test_plan_that_changes_nothing_that_is_obeyed_makes_nothing_wait(account, operator, now):
    factories.chat(account, closed_at=now - timedelta(days=31))

    book(account, "standard", operator)

    assert not PolicyVersion.objects.filter(account=account, after__chat__term="after.3.months").exists()
    assert purge(now=now + timedelta(minutes=1)).by_category["chat"] == 1


def test_shorter_term_of_a_plan_waits_a_day_for_everybody_who_obeys_it(account, operator, now):
    account.retention_policies.all().delete()
    factories.chat(account, closed_at=now - timedelta(days=20))

    save_plan(plan=account.plan, by=operator, terms={"chat": Term(Rule.AFTER, 7, Unit.DAYS)})

    assert purge(now=now + timedelta(hours=23)).due == 0
    assert purge(now=now + timedelta(hours=25)).by_category["chat"] == 1
    assert PolicyVersion.objects.get(account=account).after["chat"]["term"] == "after.7.days"


def test_plan_that_opens_no_schedules_any_more_waits_a_day(account, operator, now):
    rule = Decision(
        Term(Rule.AFTER, 1, Unit.DAYS), cadence=Cadence(Every.MONTHLY, day=(now.day + 14) % 28 + 1)
    )
    change_retention(account=account, decisions={"chat": rule}, by=None, skip_cooling=True)
    factories.chat(account, closed_at=now - timedelta(days=2))
    plan = account.plan
    plan.schedules = False

    save_plan(plan=plan, by=operator, terms={})

    assert purge(now=now + timedelta(hours=20)).due == 0
    assert purge(now=now + timedelta(hours=25)).by_category["chat"] == 1


def test_other_days_of_the_run_wait_too(account, now):
    monthly = Decision(
        Term(Rule.AFTER, 1, Unit.DAYS), cadence=Cadence(Every.MONTHLY, day=(now.day + 14) % 28 + 1)
    )
    change_retention(account=account, decisions={"chat": monthly}, by=None, skip_cooling=True)
    factories.chat(account, closed_at=now - timedelta(days=2))

    change_retention(account=account, decisions={"chat": Decision(monthly.term)}, by=None)

    assert purge(now=now + timedelta(hours=20)).due == 0
    assert purge(now=now + timedelta(hours=25)).by_category["chat"] == 1


def test_second_shortening_protects_what_came_after_the_first(account, now):
    factories.policy(account, "chat", rule=Rule.KEEP)
    for term in (Term(Rule.AFTER, 900, Unit.DAYS), Term(Rule.AT_ONCE)):
        factories.chat(account, closed_at=datetime.now(UTC))
        change_retention(account=account, decisions={"chat": Decision(term)}, by=None)

    assert purge(now=now + timedelta(hours=23)).due == 0
    assert purge(now=now + timedelta(hours=25)).by_category["chat"] == 2


def test_longer_term_than_before_ends_the_wait(account):
    change_retention(account=account, decisions={"chat": Decision(Term(Rule.AT_ONCE))}, by=None)
    change_retention(account=account, decisions={"chat": Decision(Term(Rule.KEEP))}, by=None)

    assert policy_in_force(account_id=account.pk, category="chat").cooling_until is None
