"""Rules that are newer than the backup are obeyed when the backup comes back, or all is kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Conversation
from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account
from helpdesk.services.account_settings import change_account
from helpdesk.services.plans import save_plan
from helpdesk.services.retention import Decision, change_retention
from privacy.cadences import Cadence, Every
from privacy.minimum_terms import MinimumTerm
from privacy.models import AtEnd, ForgottenDecision, LedgerEntry, Plan, PolicyVersion, RetentionPolicy
from privacy.services.erasing.at_once import erase_if_due_at_once
from privacy.services.restoring.forgotten import confirm_findings
from privacy.services.rules.archive import give_back
from privacy.services.rules.minimums import minimums_of
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import sentence_of
from privacy.terms import Rule, Term, Unit
from tests import factories
from tests.privacy.restored import (
    backup_in,
    chats_left,
    findings,
    is_there,
    purge_later,
    replayed,
    written_by_an_older_version,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_folders")]

KEEP, AT_ONCE = Term(Rule.KEEP), Term(Rule.AT_ONCE)
A_WEEK, TWO_MONTHS, FIVE_YEARS = (
    Term(Rule.AFTER, *length) for length in ((1, Unit.WEEKS), (2, Unit.MONTHS), (5, Unit.YEARS))
)


@pytest.fixture
def backup(tmp_path):
    return backup_in(tmp_path)


@pytest.fixture
def chat(account) -> Conversation:
    """A chat that is due the day after tomorrow."""
    return factories.chat(account, closed_at=timezone.now() - timedelta(days=28))


@pytest.fixture
def decide(account, manager) -> Callable[..., None]:
    def change(category: str = "chat", term: Term = KEEP, **values) -> None:
        change_retention(
            account=account, decisions={category: Decision(term, **values)}, by=manager, reason="A reason"
        )

    return change


def standard(account: Account) -> Account:
    account.plan = Plan.objects.get(pk="standard")
    account.save()
    return account


# --- Rules


def test_longer_rule_is_decided_again(account, manager, chat, decide, backup):
    copy = backup()
    decide(term=KEEP)
    assert purge_later().due == 0

    replayed(copy)

    assert policy_in_force(account_id=account.pk, category="chat").term.code() == "keep"
    assert (purge_later().erased, is_there(chat)) == (0, [True])
    assert findings() == [("retention.changed", "rebuilt", "", "chat")]
    version = PolicyVersion.objects.get()
    assert (version.number, version.by, version.after["chat"]["term"]) == (1, manager, "keep")
    assert version.before["chat"]["term"] == "after.30.days"
    assert version.reason == "Made again from the ledger after a restore: the words of the reason are lost."


def test_every_part_of_a_rule_comes_back(account, decide, backup):
    copy = backup()
    monthly, two_years = Cadence(Every.MONTHLY, hour=4, day=5), Term(Rule.AFTER, 2, Unit.YEARS)
    decide("ticket", A_WEEK)
    parts = {"clock": "created", "cadence": monthly, "at_end": AtEnd.SKELETON, "archive": two_years}
    decide("ticket", TWO_MONTHS, **parts)

    replayed(copy)

    row = RetentionPolicy.objects.get(account=account, category="ticket")
    assert Decision.of(row) == Decision(TWO_MONTHS, **parts)
    assert list(PolicyVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert findings() == [("retention.changed", "rebuilt", "", "ticket")]


def test_what_is_there_under_a_rule_that_was_made_again_waits_a_day(account, chat, decide, backup):
    copy = backup()
    decide(term=A_WEEK)

    replayed(copy)

    assert (purge_later(hours=23).erased, chats_left()) == (0, 1)
    assert (purge_later(hours=25).erased, chats_left()) == (1, 0)


def test_versions_go_on_counting_behind_those_of_the_ledger(account, decide, backup):
    copy = backup()
    decide(term=KEEP)
    decide(term=TWO_MONTHS)
    replayed(copy)

    decide(term=A_WEEK)

    assert [version.number for version in PolicyVersion.objects.order_by("number")] == [1, 2, 3]
    assert policy_in_force(account_id=account.pk, category="chat").version == 3


def test_second_restore_decides_the_newest_again(account, chat, decide, backup):
    copy = backup()
    decide(term=A_WEEK)
    replayed(copy)
    decide(term=KEEP)

    replayed(copy)

    assert policy_in_force(account_id=account.pk, category="chat").term.code() == "keep"
    assert (purge_later().erased, is_there(chat)) == (0, [True])


def test_account_of_another_company_is_left_alone(account, other_account, decide, backup):
    copy = backup()
    decide(term=KEEP)

    replayed(copy)

    assert policy_in_force(account_id=other_account.pk, category="chat").term.code() == "after.30.days"
    assert not findings(account=other_account)


def test_minimum_that_an_account_set_itself_is_set_again(account, manager, chat, backup):
    copy = backup()
    least = MinimumTerm("chat", FIVE_YEARS, "Commercial code")
    change_retention(
        account=account, decisions={"chat": Decision(FIVE_YEARS)}, minimums={"chat": least}, by=manager
    )

    replayed(copy)

    assert minimums_of(account.pk)["chat"].term == FIVE_YEARS
    version = PolicyVersion.objects.get()
    assert (version.minimums_before, version.minimums_after["chat"]["term"]) == ({}, "after.5.years")
    assert [found[:2] for found in findings()] == [
        ("retention.changed", "rebuilt"),
        ("retention.minimum_changed", "rebuilt"),
    ]
    assert (purge_later().erased, is_there(chat)) == (0, [True])


# --- Rules of which not all is certain


@pytest.fixture
def paused(account, chat, decide, backup) -> None:
    """A restored database with a rule of which an older version's entry doesn't say all."""
    copy = backup()
    with written_by_an_older_version("at_end"):
        decide(term=A_WEEK)
    replayed(copy)


def test_rule_that_the_ledger_does_not_say_in_full_pauses_its_category(paused, account, chat):
    ticket = factories.ticket(account, closed_at=timezone.now() - timedelta(days=40))

    assert findings() == [("retention.changed", "paused", "chat", "")]
    rule = policy_in_force(account_id=account.pk, category="chat")
    assert (rule.paused, rule.term) == (True, KEEP)
    assert sentence_of(rule) == "Kept for now: how long is being checked after a restore"
    assert purge_later(days=400).erased > 0
    assert is_there(chat, ticket) == [True, False]


def test_closing_erases_nothing_at_once_while_the_rule_is_paused(paused, account, chat):
    RetentionPolicy.objects.filter(account=account, category="chat").update(rule=Rule.AT_ONCE)

    assert erase_if_due_at_once(chat, account_id=account.pk) is False

    assert is_there(chat) == [True]


def test_archive_is_not_given_back_while_the_rule_is_paused(paused, account, chat):
    Conversation.objects.filter(pk=chat.pk).update(archived_at=timezone.now())

    assert give_back() == 0


def test_confirmed_rule_is_obeyed_as_it_is(paused, account, chat, manager):
    newest = findings_up_to()

    assert confirm_findings(account_id=account.pk, up_to=newest, by=manager) == 1

    assert findings() == []
    rule = policy_in_force(account_id=account.pk, category="chat")
    assert (rule.paused, rule.term) == (False, A_WEEK)
    assert (purge_later().erased, is_there(chat)) == (1, [False])
    entry = LedgerEntry.objects.get(action="restore.confirmed")
    assert (entry.account_id, entry.params["category"]) == (account.pk, "chat")
    assert confirm_findings(account_id=account.pk, up_to=newest, by=manager) == 0


def test_confirming_leaves_what_was_found_later(paused, account, manager):
    assert confirm_findings(account_id=account.pk, up_to=findings_up_to() - 1, by=manager) == 0

    assert len(findings()) == 1


def findings_up_to() -> int:
    return ForgottenDecision.objects.latest("pk").pk


# --- Plans


def test_plan_of_an_account_and_what_it_allowed_come_back(account, operator, manager, chat, backup):
    """The account got a greater plan, and then decided on more than the old one allows."""
    standard(account)
    copy = backup()
    change_account(account=account, by=operator, address=NOWHERE, values={"plan": enterprise()})
    account.refresh_from_db()
    change_retention(account=account, decisions={"chat": Decision(FIVE_YEARS)}, by=manager)

    replayed(copy)

    account.refresh_from_db()
    assert account.plan_id == "enterprise"
    assert policy_in_force(account_id=account.pk, category="chat").term == FIVE_YEARS
    assert (purge_later(days=1000).erased, is_there(chat)) == (0, [True])


def test_plan_that_an_older_entry_does_not_name_pauses_everything(account, operator, chat, backup):
    standard(account)
    copy = backup()
    with written_by_an_older_version("now."):
        change_account(account=account, by=operator, address=NOWHERE, values={"plan": enterprise()})

    replayed(copy)

    assert ("account.changed", "paused", "", "plan") in findings()
    assert policy_in_force(account_id=account.pk, category="report").paused
    assert (purge_later(days=4000).erased, is_there(chat)) == (0, [True])


def test_terms_of_a_plan_come_back(account, operator, chat, backup):
    plan = standard(account).plan
    RetentionPolicy.objects.filter(account=account, category="chat").delete()
    save_plan(plan=plan, by=operator, terms={"chat": Term(Rule.AFTER, 30, Unit.DAYS)})
    copy = backup()
    save_plan(plan=plan, by=operator, terms={"chat": FIVE_YEARS})

    replayed(copy)

    assert policy_in_force(account_id=account.pk, category="chat").term == FIVE_YEARS
    assert (purge_later().erased, is_there(chat)) == (0, [True])
    assert ("retention.changed", "rebuilt", "", "chat") in findings()


def test_plan_that_is_newer_than_the_backup_is_made_again(account, operator, chat, backup):
    copy = backup()
    plan = Plan(code="archive", name="Archive", schedules=True)
    save_plan(plan=plan, by=operator, terms={"chat": FIVE_YEARS})
    change_account(account=account, by=operator, address=NOWHERE, values={"plan": plan})

    replayed(copy)

    account.refresh_from_db()
    assert (account.plan.code, account.plan.name, account.plan.schedules) == ("archive", "archive", True)
    assert account.plan.terms.get(category="chat").term == FIVE_YEARS


def enterprise() -> Plan:
    return Plan.objects.get(pk="enterprise")
