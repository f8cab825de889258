"""The purge erases what is due, on time, once, and nothing else."""

import json
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation, Message
from helpdesk.models import Contact, Ticket
from helpdesk.services.tickets import close_ticket
from privacy import ledger
from privacy.models import Erasure, LedgerEntry
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.terms import Rule, Unit
from tests import factories
from tests.privacy.failing import dying_at

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def closed_chat(account, at: datetime, **values) -> Conversation:
    return factories.chat(account, closed_at=at, created_at=at, **values)


@pytest.mark.parametrize(
    ("amount", "unit", "last_due", "first_kept"),
    [
        (5, Unit.MINUTES, NOW - timedelta(minutes=5), NOW - timedelta(minutes=4, seconds=59)),
        (5, Unit.HOURS, NOW - timedelta(hours=5), NOW - timedelta(hours=4, minutes=59)),
        (5, Unit.DAYS, NOW - timedelta(days=5), NOW - timedelta(days=4, hours=23)),
        (5, Unit.WEEKS, NOW - timedelta(weeks=5), NOW - timedelta(days=34)),
        # A month after the 28th, 29th, 30th and 31st of a month that is shorter or longer.
        (1, Unit.MONTHS, datetime(2026, 2, 28, 12, tzinfo=UTC), datetime(2026, 2, 28, 12, 1, tzinfo=UTC)),
        (3, Unit.MONTHS, datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2025, 12, 31, 12, 1, tzinfo=UTC)),
    ],
)
def test_chat_is_erased_when_its_term_is_over_and_not_before(account, amount, unit, last_due, first_kept):
    factories.policy(account, "chat", rule=Rule.AFTER, amount=amount, unit=unit)
    kept = closed_chat(account, first_kept) if first_kept.day != 28 else None
    closed_chat(account, last_due)

    report = purge(now=NOW)

    assert (report.due, report.erased, report.failed) == (1, 1, 0)
    assert list(Conversation.objects.all()) == ([kept] if kept else [])


@pytest.mark.parametrize("day", [28, 29, 30, 31])
def test_last_days_of_january_are_due_on_the_last_day_of_february(account, day):
    factories.policy(account, "chat", rule=Rule.AFTER, amount=1, unit=Unit.MONTHS)
    closed_chat(account, datetime(2026, 1, day, 12, tzinfo=UTC))

    before = purge(now=datetime(2026, 2, 28, 11, 59, tzinfo=UTC))
    after = purge(now=datetime(2026, 2, 28, 12, 0, tzinfo=UTC))

    assert (before.due, after.erased) == (0, 1)


@pytest.mark.parametrize(("rule", "left"), [(Rule.KEEP, 1), (Rule.AT_ONCE, 0), (Rule.AFTER, 0)])
def test_rule_decides_about_an_old_chat(account, rule, left):
    factories.policy(account, "chat", rule=rule, amount=1, unit=Unit.DAYS)
    closed_chat(account, NOW - timedelta(days=1000))

    report = purge(now=NOW)

    assert Conversation.objects.count() == left
    assert report.due == 1 - left


def test_open_chat_is_never_due(account):
    factories.policy(account, "chat", rule=Rule.AT_ONCE)
    factories.chat(account, created_at=NOW - timedelta(days=1000))

    assert purge(now=NOW).due == 0
    assert Conversation.objects.count() == 1


def test_each_account_and_category_has_its_own_term(account, other_account):
    factories.policy(account, "chat", amount=1)
    factories.policy(account, "ticket", rule=Rule.KEEP)
    factories.policy(other_account, "chat", amount=300)
    old = NOW - timedelta(days=60)
    closed_chat(account, old)
    factories.ticket(account, closed_at=old)
    theirs = closed_chat(other_account, old)

    report = purge(now=NOW)

    assert report.by_category == {"chat": 1, "contact": 1}
    assert Conversation.objects.get() == theirs
    assert Ticket.objects.count() == 1


def test_account_that_decided_nothing_obeys_its_plan(account):
    account.retention_policies.all().delete()
    young = closed_chat(account, NOW - timedelta(days=365))
    closed_chat(account, NOW - timedelta(days=2 * 365 + 1))

    assert purge(now=NOW).erased == 1
    assert Conversation.objects.get() == young


def test_report_has_the_numbers_of_the_contract(account):
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    factories.policy(account, "ticket", amount=1, unit=Unit.HOURS)
    closed_chat(account, NOW - timedelta(hours=2))
    closed_chat(account, NOW - timedelta(hours=1, seconds=5))
    factories.ticket(account, closed_at=NOW - timedelta(hours=1))

    report = purge(now=NOW)

    assert report.as_json() == {
        "due": 3,
        "erased": 3,
        "archived": 0,
        "held": 0,
        "failed": 0,
        "overdue_seconds_max": 3600,
        "by_category": {"chat": 2, "ticket": 1, "contact": 3},
    }


def test_second_purge_finds_nothing_to_do(account):
    closed_chat(account, NOW - timedelta(days=31))
    purge(now=NOW)
    entries = LedgerEntry.objects.count()

    report = purge(now=NOW)

    assert (report.due, report.erased) == (0, 0)
    assert LedgerEntry.objects.count() == entries


def test_dry_run_counts_and_changes_nothing(account):
    closed_chat(account, NOW - timedelta(days=31))
    entries = LedgerEntry.objects.count()

    report = purge(now=NOW, dry_run=True)

    assert (report.due, report.erased) == (1, 0)
    assert Conversation.objects.count() == 1
    assert LedgerEntry.objects.count() == entries


def test_purge_of_one_account_leaves_the_others(account, other_account):
    closed_chat(account, NOW - timedelta(days=31))
    theirs = closed_chat(other_account, NOW - timedelta(days=31))

    purge(now=NOW, account_id=account.pk)

    assert Conversation.objects.get() == theirs


def test_purge_in_more_than_one_batch(account, monkeypatch):
    monkeypatch.setattr("privacy.services.rules.due.BATCH", 2)
    at = NOW - timedelta(days=31)
    for _ in range(5):
        closed_chat(account, at)  # at one and the same moment: pages go by clock and id

    assert purge(now=NOW).erased == 5
    assert Conversation.objects.count() == 0


def test_one_unit_that_fails_stops_no_other(account):
    chats = [closed_chat(account, NOW - timedelta(days=31, seconds=n)) for n in range(5)]
    bad = chats[2]
    contact_of_bad = bad.contact_id

    def refuse_the_bad_one(execute, sql, params, many, context):
        deletes = sql.startswith('DELETE FROM "chat_conversation"')
        if deletes and bad.pk.hex in {getattr(p, "hex", p) for p in params}:
            raise DatabaseError("this row can't be deleted")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_the_bad_one):
        report = purge(now=NOW)

    assert (report.due, report.erased, report.failed) == (5, 4, 1)
    assert Conversation.objects.get() == bad
    assert Contact.objects.get().pk == contact_of_bad
    assert purge(now=NOW).failed == 0
    assert Conversation.objects.count() == 0
    finish_open_erasures(older_than=timedelta())  # what was begun for the batches that failed
    assert Erasure.objects.filter(done=None).count() == 0


def test_purge_finishes_what_a_crash_left_begun(account):
    chat = closed_chat(account, NOW - timedelta(days=31))
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        erase_units(Conversation, [chat.pk], account_id=account.pk, reason="retention")

    with freeze_time(timezone.now() + timedelta(minutes=1)):
        purge(now=NOW)

    assert Erasure.objects.filter(done=None).count() == 0


def test_purged_chats_leave_no_word_in_the_ledger(account, visitor):
    closed_chat(account, NOW - timedelta(days=31), contact=visitor, says=("secret words",))

    purge(now=NOW)

    written = json.dumps(list(LedgerEntry.objects.values("action", "params")))
    for text in ("secret", "Vera", "vera@mail.example", visitor.pk.hex, str(visitor.pk)):
        assert text not in written
    assert not Message.objects.exists()
    assert ledger.verify().ok


def test_two_purges_at_once_erase_everything_once(account):
    chats = [closed_chat(account, NOW - timedelta(days=31, seconds=n)) for n in range(6)]
    reports, failures = [], []

    def run() -> None:
        try:
            reports.append(purge(now=NOW))
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert (sum(report.erased for report in reports), sum(report.failed for report in reports)) == (6, 0)
    assert Conversation.objects.count() == Contact.objects.count() == 0
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="chat.conversation")
    assert sorted(key for entry in begun for key in entry.params["keys"]) == sorted(
        c.key_id.hex for c in chats
    )
    assert ledger.verify().ok


# --- Command


def run_purge(*options: str) -> str:
    output = StringIO()
    call_command("purge", *options, stdout=output)
    return output.getvalue()


def test_command_prints_the_report(account):
    closed_chat(account, timezone.now() - timedelta(days=40))

    report = json.loads(run_purge("--json", "--dry-run"))
    assert (report["due"], report["erased"]) == (1, 0)
    report = json.loads(run_purge("--json", "--account", str(account.pk)))
    assert (report["due"], report["erased"]) == (1, 1)
    assert report["by_category"] == {"chat": 1, "contact": 1}
    assert "due: 0" in run_purge()


def test_command_names_an_account_that_does_not_exist(account):
    with pytest.raises(CommandError, match="There is no account 4711"):
        run_purge("--account", "4711")


def test_command_fails_where_something_could_not_be_erased(account):
    closed_chat(account, timezone.now() - timedelta(days=40))

    def refuse(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "chat_conversation"'):
            raise DatabaseError("no")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(CommandError, match="1 could not be erased"):
        run_purge("--json")


def test_close_stands_where_the_erasure_at_once_fails(account, agent):
    factories.policy(account, "ticket", rule=Rule.AT_ONCE)
    ticket = factories.ticket(account)

    def refuse(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "helpdesk_ticket"'):
            raise DatabaseError("no")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        erased = close_ticket(ticket=ticket, by=agent)

    assert erased is False
    assert Ticket.objects.get(pk=ticket.pk).status == Ticket.Status.CLOSED
    assert purge().erased == 1
    assert not Ticket.objects.exists()
