"""Receipts add up: each erasure of a run is in one receipt, also where a run was killed or had company."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from chat.models import Conversation
from privacy import ledger
from privacy.declarations import root_of
from privacy.models import ConsentRecord, LedgerEntry, OpenRun
from privacy.services.erasing.erasure import erase, erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.runs import Run, settle, settle_open_runs
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.evidence.receipts import counts_of, receipt
from privacy.services.rules.policies import policy_in_force
from tests import factories
from tests.privacy.failing import dying_at
from tests.privacy.runs import listed, receipted

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

AT_ANY_AGE = timedelta()


@pytest.fixture
def long_ago():
    return timezone.now() - timedelta(days=40)


@pytest.fixture
def batches_of_two(monkeypatch):
    monkeypatch.setattr("privacy.services.rules.due.BATCH", 2)


def old_chats(account, number: int, closed_at) -> list[Conversation]:
    return [
        factories.chat(account, closed_at=closed_at - timedelta(minutes=number - i)) for i in range(number)
    ]


def all_runs() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(action="purge.run").order_by("seq"))


def next_pass() -> None:
    """Do what the next pass begins with, without waiting until what was left is old enough."""
    finish_open_erasures(older_than=AT_ANY_AGE)
    settle_open_runs(older_than=AT_ANY_AGE)


def test_receipt_counts_the_people_who_went_with_their_last_chats(account, long_ago):
    old_chats(account, 6, long_ago)

    report = purge()

    [run] = all_runs()
    assert counts_of(run) == listed(run) == {"chat": 6, "contact": 6}
    assert (
        run.params["erasures"] == receipt(run.seq, among=LedgerEntry.objects.all()).summary["erasures"] == 2
    )
    assert (report.erased, report.by_category) == (6, {"chat": 6, "contact": 6})
    assert not OpenRun.objects.exists()


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_run_that_was_killed_gets_its_receipt_from_the_next_pass(account, long_ago, batches_of_two, batch):
    old_chats(account, 6, long_ago)
    with dying_at("default", 'DELETE FROM "chat_conversation"', nth=batch):
        purge()
    assert all_runs() == []

    next_pass()
    purge()

    assert receipted(account) == {"chat": 6, "contact": 6}
    assert [listed(run) for run in all_runs()] == [counts_of(run) for run in all_runs()]
    assert len({run.params["run"] for run in all_runs()}) == len(all_runs()) == (1 if batch == 3 else 2)
    assert not OpenRun.objects.exists()


def test_erasure_whose_rows_were_gone_when_its_run_was_killed_is_in_one_receipt(account, long_ago):
    old_chats(account, 3, long_ago)
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        purge()

    next_pass()
    next_pass()
    purge()

    [run] = all_runs()
    assert counts_of(run) == listed(run) == {"chat": 3, "contact": 3}


def test_run_that_seems_dead_and_goes_on_says_nothing_twice(account, long_ago, batches_of_two):
    old_chats(account, 6, long_ago)
    seen = []

    def settle_meanwhile(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "chat_conversation"'):
            seen.append(sql)
            if len(seen) == 3:
                settle_open_runs(older_than=AT_ANY_AGE)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(settle_meanwhile):
        purge()

    assert [counts_of(run) for run in all_runs()] == [{"chat": 4, "contact": 4}, {"chat": 2, "contact": 2}]
    assert [listed(run) for run in all_runs()] == [counts_of(run) for run in all_runs()]


def test_two_runs_at_once_list_each_its_own_and_nothing_by_hand(account, long_ago):
    chats = old_chats(account, 4, long_ago)
    policy = policy_in_force(account_id=account.pk, category="chat")
    one, other = Run(account.pk), Run(account.pk)

    def erase_in(run: Run, chat: Conversation) -> None:
        run.go_on()
        erase(root_of(Conversation), [chat.pk], reason=Reason.of_policy("retention", policy, run=run.code))

    erase_in(one, chats[0])
    erase_in(other, chats[1])
    erase_units(Conversation, [chats[2].pk], account_id=account.pk, reason="by_hand")
    erase_in(one, chats[3])
    settle(other)
    settle(one)

    first, second = all_runs()
    assert (first.params["run"], counts_of(first), listed(first)) == (
        other.code,
        *[{"chat": 1, "contact": 1}] * 2,
    )
    assert (second.params["run"], counts_of(second), listed(second)) == (
        one.code,
        *[{"chat": 2, "contact": 2}] * 2,
    )


def test_batch_that_failed_and_went_in_halves_is_counted_once(account, long_ago):
    chats = old_chats(account, 5, long_ago)
    bad = chats[2]

    def refuse(execute, sql, params, many, context):
        deletes = sql.startswith('DELETE FROM "chat_conversation"')
        if deletes and bad.pk.hex in {getattr(each, "hex", each) for each in params}:
            raise DatabaseError("this row can't be deleted")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        purge()
    [run] = all_runs()
    assert counts_of(run) == listed(run) == {"chat": 4, "contact": 4}
    assert run.params["failed"] == 1

    next_pass()
    purge()

    assert not Conversation.objects.exists()
    assert receipted(account) == {"chat": 5, "contact": 5}
    assert [listed(run) for run in all_runs()] == [counts_of(run) for run in all_runs()]


def test_rows_of_a_killed_run_are_told_by_the_transaction_that_deletes_them(
    account, long_ago, batches_of_two
):
    notice = account.consent_notices.get()
    at = long_ago - timedelta(days=20 * 365)
    for _number in range(4):
        ConsentRecord.objects.create(
            account=account, notice=notice, subject="0" * 32, form="chat", language="en", at=at
        )
    with dying_at("default", 'DELETE FROM "privacy_consentrecord"', nth=2):
        purge()

    said = LedgerEntry.objects.get(action="rows.purged")

    assert (said.account_id, said.params["category"], said.params["rows"]) == (account.pk, "consent", 2)
    next_pass()
    purge()
    assert receipted(account) == {"consent": 4}
    assert ledger.verify().ok
