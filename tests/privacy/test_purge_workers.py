"""Two workers share a purge: each thing goes once, nobody waits for ever, and what comes stays."""

import json
import secrets
import time
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from chat.models import Conversation, Message
from helpdesk.models import Contact, Ticket
from privacy import ledger
from privacy.encryption.files import stored_files
from privacy.ledger.chain import LOCK, lock_writers
from privacy.models import Erasure, LedgerEntry, Skeleton, Tombstone
from privacy.models.retention import AtEnd
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.evidence.receipts import counts_of
from tests import factories
from tests.bench import seed
from tests.chat.beside import at_once
from tests.privacy.failing import dying_at
from tests.privacy.purge_process import assert_nothing_is_half_erased, start_purge
from tests.privacy.runs import listed, receipted

pytestmark = pytest.mark.django_db(transaction=True)

CHATS, TICKETS = 3_000, 300
NEW = 5  # that come while a worker works, each time we look


@pytest.fixture
def old():
    return {"status": "closed", "closed_at": timezone.now() - timedelta(days=40)}


def tokens(number: int) -> list[str]:
    return [secrets.token_urlsafe(16) for _ in range(number)]


def let_both_begin_at_once(workers: list) -> None:
    """Hold the ledger until both workers have something to write."""
    with transaction.atomic(using="vault"):
        lock_writers()
        while waiting_for_the_ledger() < len(workers):
            assert all(worker.poll() is None for worker in workers)
            time.sleep(0.02)


def waiting_for_the_ledger() -> int:
    with connections["vault"].cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        return cursor.fetchone()[0]


def outcomes(workers: list) -> list[dict]:
    ended = [(*worker.communicate(timeout=60), worker.returncode) for worker in workers]
    assert [(errors, code) for _output, errors, code in ended] == [("", 0)] * len(workers)
    return [json.loads(output) for output, _errors, _code in ended]


def marks(unit: str) -> list[str]:
    """Return what the ledger says of each erased thing, twice where it was erased twice."""
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit=unit)
    return [mark for params in begun.values_list("params", flat=True) for mark in params["marks"]]


def test_two_workers_erase_each_thing_once(account, old):
    seed.chats(account, tokens(CHATS), says=1, **old)
    seed.tickets(account, TICKETS, files=True, **old)
    seed.settle()
    workers = [start_purge(), start_purge()]
    if connection.vendor == "postgresql":
        let_both_begin_at_once(workers)

    did = outcomes(workers)

    assert sum(each["erased"] for each in did) == CHATS + TICKETS
    assert [each["failed"] for each in did] == [0, 0]
    for unit, units in (("chat.conversation", CHATS), ("helpdesk.ticket", TICKETS)):
        assert (len(marks(unit)), len(set(marks(unit)))) == (units, units)
    assert receipted(account) == {"chat": CHATS, "ticket": TICKETS, "contact": CHATS + TICKETS}
    for run in LedgerEntry.objects.filter(action="purge.run"):
        assert listed(run) == counts_of(run)  # its own, and nothing of the other worker
    assert len(marks("helpdesk.contact")) == CHATS + TICKETS == Tombstone.objects.count() / 2
    assert [model.objects.count() for model in (Conversation, Ticket, Contact)] == [0, 0, 0]
    assert_nothing_is_half_erased()
    assert list(stored_files()) == []
    assert ledger.verify().ok
    if connection.vendor == "postgresql":  # where both work at once; on SQLite one may find nothing left
        assert min(each["erased"] for each in did) > 0


def test_what_is_closed_during_a_run_is_kept_or_erased_as_its_term_says(account, old):
    seed.chats(account, tokens(CHATS), says=1, **old)
    seed.settle()
    worker, due, kept = start_purge(), CHATS, 0
    while worker.poll() is None and kept < 10 * NEW:
        for closed_at in (
            old["closed_at"] - timedelta(days=due),  # the worker has read on
            old["closed_at"] + timedelta(days=1),
            timezone.now(),
        ):
            with transaction.atomic():
                seed.chats(account, tokens(NEW), says=1, status="closed", closed_at=closed_at)
        due, kept = due + 2 * NEW, kept + NEW
    [first] = outcomes([worker])
    assert_nothing_is_half_erased()

    [second] = outcomes([start_purge()])

    assert CHATS <= first["erased"] == due - second["erased"]
    assert Conversation.objects.count() == Contact.objects.count() == kept
    assert [message.body for message in Message.objects.all()] == [seed.WORDS] * kept
    assert_nothing_is_half_erased()


def test_run_that_finds_nothing_changes_nothing(account, old):
    seed.chats(account, tokens(3), **old)
    seed.chats(account, tokens(3))
    purge()
    before = LedgerEntry.objects.count(), Erasure.objects.count(), Conversation.objects.count()

    [second] = outcomes([start_purge()])

    assert (second["due"], second["erased"]) == (0, 0)
    assert (LedgerEntry.objects.count(), Erasure.objects.count(), Conversation.objects.count()) == before


def test_erasure_that_two_workers_finish_leaves_its_figures_once(account, old):
    account.retention_policies.update(at_end=AtEnd.SKELETON)
    seed.chats(account, tokens(20), **old)
    with dying_at("default", 'DELETE FROM "chat_conversation"'):
        purge()
    assert Erasure.objects.filter(done=None).count() == 1

    finished = at_once(*[lambda: finish_open_erasures(older_than=timedelta())] * 2)

    assert [len(each) for each in finished] == [1, 1]
    assert Skeleton.objects.count() == 20
    assert Conversation.objects.count() == Contact.objects.count() == 0
    assert not Erasure.objects.filter(done=None).exists()
    assert ledger.verify().ok


def test_contact_whose_last_two_things_two_workers_erase_goes(account, old):
    contacts = [factories.contact(account) for _number in range(30)]
    chats = [factories.chat(account, contact=contact, closed_at=old["closed_at"]) for contact in contacts]
    tickets = [factories.ticket(account, requester=contact, **old) for contact in reversed(contacts)]

    def erase_each(units) -> int:
        unit = type(units[0])
        return sum(erase_units(unit, [each.pk], account_id=account.pk, reason="closed") for each in units)

    assert at_once(lambda: erase_each(chats), lambda: erase_each(tickets[::-1])) == [30, 30]
    purge()

    assert Contact.objects.count() == 0
    assert len(set(marks("helpdesk.contact"))) == len(marks("helpdesk.contact")) == 30
