"""A worker that is killed at any moment of a purge leaves nothing half-erased, and the next one finishes."""

import json
import random
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from chat.models import ChatFile, Conversation, Message
from helpdesk.models import Contact, Ticket, TicketFile, TicketMessage
from helpdesk.services.files import content_of
from privacy import ledger
from privacy.encryption.files import stored_files
from privacy.models import Erasure, LedgerEntry, OpenRun, Skeleton, Tombstone
from privacy.models.retention import AtEnd
from privacy.services.erasing.purge import purge
from privacy.services.erasing.runs import settle_open_runs
from privacy.services.erasing.unfinished import IN_PROGRESS, finish_open_erasures
from tests import factories
from tests.bench import seed
from tests.privacy.failing import Killed
from tests.privacy.purge_process import (
    assert_nothing_is_half_erased,
    keys_of_rows,
    living_keys,
    named_files,
    start_purge,
)
from tests.privacy.runs import receipted

pytestmark = pytest.mark.django_db(transaction=True)

CHATS, TICKETS, KEPT = 10_000, 500, 3
KEYS = 3 * CHATS + 2 * TICKETS  # of contact, chat and file; of contact and ticket, which seals its file too
KILLS = 8
SEED = 20_261_124  # change it to be killed at other moments
LONGEST = 0.12  # seconds from the first thing that a process did to its end


@pytest.fixture
def crowd(account):
    """Fill an account with old chats and tickets, all with files, and a few that stay."""
    account.retention_policies.update(at_end=AtEnd.SKELETON)
    old = {"status": "closed", "closed_at": timezone.now() - timedelta(days=40)}
    seed.chats(account, [secrets.token_urlsafe(16) for _ in range(CHATS)], says=1, files=True, **old)
    seed.tickets(account, TICKETS, files=True, **old)
    seed.chats(account, [secrets.token_urlsafe(16) for _ in range(KEPT)], says=1, files=True)
    seed.tickets(account, KEPT, first=TICKETS + 1, files=True)
    seed.settle()
    return account


def written() -> int:
    path = Path(settings.LETHE_LEDGER_DIR) / "ledger.jsonl"
    return path.stat().st_size if path.exists() else 0


def kill_one(after: float) -> bool:
    """Start a purge and kill it so many seconds after it began to erase; tell whether it was still at it."""
    before, process = written(), start_purge()
    while written() == before and process.poll() is None:
        time.sleep(0.002)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def finish() -> None:
    """Purge once for what is due, and once more when what was begun is old enough to be taken over."""
    for patience in (timedelta(), IN_PROGRESS):
        time.sleep(patience.total_seconds())
        process = start_purge()
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
        assert json.loads(output)["failed"] == 0


def test_purge_that_is_killed_at_any_moment_is_finished_by_the_next_one(crowd):
    chosen = random.Random(SEED)
    sealed = len(living_keys())

    killed = 0
    for _ in range(KILLS):
        killed += kill_one(chosen.uniform(0, LONGEST))
        assert_nothing_is_half_erased()
    assert killed > KILLS / 2
    assert 0 < Tombstone.objects.count() < KEYS, "killed before or after everything"
    finish()

    assert not Erasure.objects.filter(done=None).exists()
    assert keys_of_rows() == living_keys()
    assert set(stored_files()) == named_files()
    assert Tombstone.objects.count() == sealed - len(living_keys()) == KEYS
    assert [model.objects.count() for model in (Conversation, Message, ChatFile)] == [KEPT, KEPT, KEPT]
    assert [model.objects.count() for model in (Ticket, TicketMessage, TicketFile)] == [KEPT, KEPT, KEPT]
    assert Contact.objects.count() == 2 * KEPT
    assert {content_of(file) for file in TicketFile.objects.all()} == {b"x" * 4096}
    assert {content_of(file) for file in ChatFile.objects.all()} == {seed.RECEIPT}
    assert {message.body for message in Message.objects.all()} == {seed.WORDS}
    assert Skeleton.objects.filter(category="chat").count() == CHATS
    assert Skeleton.objects.filter(category="ticket").count() == TICKETS
    assert receipted(crowd) == {"chat": CHATS, "ticket": TICKETS, "contact": CHATS + TICKETS}
    assert not OpenRun.objects.exists()
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="chat.conversation")
    assert len({mark for entry in begun for mark in entry.params["marks"]}) == CHATS
    assert ledger.verify().ok


@contextmanager
def dying_at_statement(number: int) -> Iterator[None]:
    """End the process before the statement with this number, whichever database it goes to."""
    sent = count(1)

    def watch(execute, sql, params, many, context):
        if next(sent) == number:
            raise Killed(sql[:60])
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(connections[alias].execute_wrapper(watch))
        yield


@pytest.mark.filterwarnings(
    "ignore:.*was deleted while still open:ResourceWarning"
)  # whoever dies closes nothing
def test_purge_that_dies_at_any_statement_is_finished_by_the_next_one(account):
    old = {"status": "closed", "closed_at": timezone.now() - timedelta(days=40)}
    bystander = factories.chat(account)

    for number in count(1):
        seed.tickets(account, 1, files=True, **old)
        died = False
        try:
            with dying_at_statement(number):
                purge()
        except Killed:
            died = True
        assert_nothing_is_half_erased()
        finish_open_erasures(older_than=timedelta())
        purge()

        assert list(Conversation.objects.all()) == [bystander], number
        assert list(Contact.objects.all()) == [bystander.contact], number
        assert living_keys() == {bystander.key_id, bystander.contact.key_id}, number
        assert (Ticket.objects.count(), list(stored_files())) == (0, []), number
        assert not Erasure.objects.filter(done=None).exists(), number
        if not died:
            break
    settle_open_runs(older_than=timedelta())
    assert receipted(account) == {"ticket": number, "contact": number}
    assert number > 30
    assert Tombstone.objects.count() == 2 * number
    assert ledger.verify().ok
