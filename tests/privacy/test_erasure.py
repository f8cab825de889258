"""Erasing: everything of one unit goes, nothing of another does, and a crash at any step is made good."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessAttemptExpiration
from django.conf import settings as deployment
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction
from django.utils import timezone

from chat.models import Conversation, Message
from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile, TicketMessage, TicketParticipant, User
from privacy import declarations, ledger, vault
from privacy.encryption.files import sealed_storage, store_file, stored_files
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerHead, Tombstone
from privacy.services.erasing.erasure import erase_person, erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.steps import ErasureIncomplete
from privacy.services.erasing.unfinished import finish_open_erasures
from tests import factories
from tests.privacy.failing import ForgetfulStorage, StubbornStorage, breaking, dying_at

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timedelta()


@pytest.fixture
def chat(account):
    return factories.chat(account, says=("one", "two"))


@pytest.fixture
def ticket(account):
    return with_file(factories.ticket(account))


def with_file(ticket: Ticket) -> Ticket:
    message = ticket.messages.get()
    stored_as = store_file(vault.open_key(message.key_id), [b"scan of a torn page"])
    TicketFile.objects.create(
        account_id=ticket.account_id,
        ticket=ticket,
        message=message,
        key_id=message.key_id,
        name="scan.png",
        stored_as=stored_as,
        size=19,
    )
    OutgoingMail.objects.create(
        account_id=ticket.account_id, ticket=ticket, key_id=message.key_id, to="v@mail.example", body="Hello"
    )
    return ticket


def erase(unit, reason: str = "closed") -> int:
    return erase_units(type(unit), [unit.pk], account_id=unit.account_id, reason=reason)


def rows_left() -> dict[str, int]:
    sealed = (
        Contact,
        Conversation,
        Message,
        Ticket,
        TicketParticipant,
        TicketMessage,
        TicketFile,
        OutgoingMail,
    )
    return {m.__name__: m.objects.count() for m in sealed if m.objects.exists()}


def personal_keys() -> int:
    return DataKey.objects.exclude(kind__in=[*DataKey.STANDING, DataKey.Kind.USER]).count()


def actions() -> list[str]:
    return list(LedgerEntry.objects.order_by("seq").values_list("action", flat=True))


# --- What goes and what stays


def test_erased_chat_takes_its_messages_its_key_and_its_bare_contact(chat):
    assert erase(chat) == 1

    assert rows_left() == {}
    assert personal_keys() == 0
    assert Tombstone.objects.count() == 2
    assert actions() == ["erasure.begun"] * 2 + ["erasure.done"] * 2
    assert ledger.verify().ok


def test_erased_ticket_takes_messages_participants_mails_and_files(ticket):
    assert len(list(stored_files())) == 1

    assert erase(ticket) == 1

    assert rows_left() == {}
    assert list(stored_files()) == []
    assert personal_keys() == 0


def test_erased_chat_leaves_the_open_ticket_of_the_same_person(account, visitor):
    chat = factories.chat(account, contact=visitor, says=("a secret",))
    ticket = factories.ticket(account, requester=visitor, subject="Torn", says=("Page nine",))
    message = Message.objects.get(conversation=chat)

    erase(chat)

    assert not Message.objects.exists()
    assert Ticket.objects.get(pk=ticket.pk).subject == "Torn"
    assert TicketMessage.objects.get().body == "Page nine"
    assert Contact.objects.get().name == "Vera Visitor"
    with pytest.raises(vault.KeyUnavailable, match="destroyed"):
        vault.open_key(message.key_id)


def test_contact_goes_with_the_last_of_what_is_theirs(account, visitor):
    chats = [factories.chat(account, contact=visitor) for _ in range(2)]

    erase(chats[0])
    assert Contact.objects.count() == 1
    erase(chats[1])

    assert Contact.objects.count() == 0
    assert LedgerEntry.objects.filter(params__reason="nothing_left").count() == 1


def test_unit_of_another_account_is_left_alone(account, other_account, chat):
    theirs = factories.chat(other_account, says=("theirs",))

    erase(chat)

    assert Message.objects.get().body == "theirs"
    assert Conversation.objects.get() == theirs


def test_erasing_what_is_gone_counts_nothing_and_says_nothing(chat):
    erase(chat)
    before = LedgerEntry.objects.count()

    assert erase(chat) == 0

    assert LedgerEntry.objects.count() == before


def test_ledger_names_keys_and_numbers_and_nobody(account, visitor):
    chat = factories.chat(account, contact=visitor)

    erase(chat)

    begun, _contact, done = LedgerEntry.objects.order_by("seq")[:3]
    assert begun.account_id == account.pk
    assert begun.params == {
        "unit": "chat.conversation",
        "reason": "closed",
        "units": 1,
        "files": 0,
        "keys": [chat.key_id.hex],
        "marks": [ledger.mark(chat.pk)],
    }
    assert done.params == {"begun": begun.seq, "units": 1, "rows": 2, "survivors": 0}


def test_main_database_knows_the_newest_erasure(chat):
    erase(chat)

    assert LedgerHead.objects.get().seq == LedgerEntry.objects.order_by("-seq").first().seq


def test_erasing_more_than_a_batch(account, monkeypatch):
    monkeypatch.setattr("privacy.services.rules.due.BATCH", 2)
    ids = [factories.chat(account).pk for _ in range(5)]

    assert erase_units(Conversation, ids, account_id=account.pk, reason="retention") == 5

    assert rows_left() == {}
    assert Erasure.objects.filter(done=None).count() == 0


def test_erasing_inside_a_transaction_is_refused(chat):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        erase(chat)

    assert Message.objects.count() == 2


# --- A person


def test_erased_person_takes_every_chat_and_ticket(account, visitor):
    factories.chat(account, contact=visitor)
    with_file(factories.ticket(account, requester=visitor))
    somebody_else = factories.chat(account)

    erasures = erase_person(visitor, reason="consent_withdrawn")

    assert Conversation.objects.get() == somebody_else
    assert rows_left() == {"Contact": 1, "Conversation": 1, "Message": 1}
    assert list(stored_files()) == []
    units = [erasure.begun.params["unit"] for erasure in erasures]
    assert sorted(units) == ["chat.conversation", "helpdesk.contact", "helpdesk.ticket"]
    assert all(erasure.done_id for erasure in erasures)


def test_erased_person_without_anything(visitor):
    assert len(erase_person(visitor, reason="objection")) == 1

    assert rows_left() == {}


def test_erased_agent_leaves_their_threads_to_the_visitors(account, agent):
    chat = factories.chat(account, agent=agent, says=("hello",))
    ticket = factories.ticket(account, assignee=agent)
    account.owner = agent
    account.save(update_fields=["owner"])

    erase_person(agent, reason="objection")

    assert not User.objects.filter(pk=agent.pk).exists()
    chat.refresh_from_db()
    ticket.refresh_from_db()
    account.refresh_from_db()
    assert (chat.agent, ticket.assignee, account.owner) == (None, None, None)
    assert Message.objects.get(conversation=chat).body == "hello"


# --- A crash at every step

STEPS = [
    ("vault", 'INSERT INTO "privacy_ledgerentry"', 1),  # begun
    ("vault", 'INSERT INTO "privacy_erasure"', 1),
    ("default", 'DELETE FROM "helpdesk_outgoingmail"', 1),  # rows
    ("default", 'DELETE FROM "helpdesk_ticket" ', 1),
    ("default", "privacy_ledgerhead", 1),
    ("vault", 'INTO "privacy_tombstone"', 1),  # keys
    ("vault", 'DELETE FROM "privacy_datakey"', 1),
    ("default", "SELECT COUNT(*) FROM", 1),  # survivors
    ("vault", 'INSERT INTO "privacy_ledgerentry"', 2),  # done
    ("vault", 'UPDATE "privacy_erasure"', 1),
    ("default", "privacy_ledgerhead", 3),
    ("vault", 'INSERT INTO "privacy_ledgerentry"', 3),  # the contact with nothing left
    ("default", 'DELETE FROM "helpdesk_contact"', 1),
    ("vault", 'INTO "privacy_tombstone"', 2),
    ("vault", 'INSERT INTO "privacy_ledgerentry"', 4),
]


@pytest.mark.parametrize(("alias", "statement", "nth"), STEPS)
def test_crash_at_any_step_is_finished_by_the_next_pass(ticket, alias, statement, nth):
    with dying_at(alias, statement, nth):
        erase(ticket)
    connections.close_all()  # the connections of a process that was killed

    finish_open_erasures(older_than=NOW)
    erase(ticket)  # where nothing was begun, the purge finds the unit again

    assert rows_left() == {}
    assert personal_keys() == 0
    assert list(stored_files()) == []
    assert Erasure.objects.filter(done=None).count() == 0
    assert ledger.verify().ok


def test_done_is_never_said_before_everything_is_gone(ticket):
    with dying_at("vault", 'DELETE FROM "privacy_datakey"'):
        erase(ticket)

    assert actions() == ["erasure.begun"] * 2
    assert Erasure.objects.filter(done=None).count() == 2


def test_rows_come_back_where_their_transaction_did_not_commit(ticket):
    with dying_at("default", 'DELETE FROM "helpdesk_ticket" '):
        erase(ticket)

    assert Ticket.objects.get().subject == "A torn page"
    assert len(list(stored_files())) == 1


def test_pass_leaves_an_erasure_that_somebody_is_working_on(ticket):
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        erase(ticket)

    assert finish_open_erasures() == []
    assert len(finish_open_erasures(older_than=NOW)) == 2  # the ticket's and its contact's


def test_unfinished_erasure_that_fails_again_stops_no_other(account):
    first, second = factories.chat(account), factories.chat(account)
    for chat in (first, second):
        with dying_at("vault", 'INTO "privacy_tombstone"'):
            erase(chat)
    broken = Erasure.objects.order_by("begun").first()
    Erasure.objects.filter(pk=broken.pk).update(files=["../../outside"])

    assert len(finish_open_erasures(older_than=NOW)) == 3

    assert Erasure.objects.get(done=None) == broken


def test_vault_that_is_away_erases_nothing_and_promises_nothing(chat):
    with breaking("vault", "INSERT"), pytest.raises(Exception, match="went away"):
        erase(chat)

    assert Message.objects.count() == 2
    assert Erasure.objects.count() == 0
    assert erase(chat) == 1


def test_storage_that_fails_to_delete_is_asked_again(ticket, settings):
    settings.LETHE_FILES_STORAGE = ""
    name = TicketFile.objects.get().stored_as
    use_storage(settings, StubbornStorage)
    StubbornStorage.refuses = True
    try:
        with pytest.raises(OSError, match="read-only"):
            erase(ticket)
        assert Ticket.objects.count() == 0
        assert Erasure.objects.get(done=None).files == [name]
        assert len(finish_open_erasures(older_than=NOW)) == 0
    finally:
        StubbornStorage.refuses = False

    assert len(finish_open_erasures(older_than=NOW)) == 1

    assert list(stored_files()) == []
    assert Erasure.objects.get(begun__params__unit="helpdesk.ticket").files == []


def test_file_that_survives_keeps_the_erasure_open_and_is_told_once(ticket, settings):
    use_storage(settings, ForgetfulStorage)
    ForgetfulStorage.forgets = True
    try:
        with pytest.raises(ErasureIncomplete):
            erase(ticket)
        for _ in range(3):
            assert len(finish_open_erasures(older_than=NOW)) == 0
        assert actions() == ["erasure.begun", "erasure.begun", "erasure.survivors", "erasure.done"]
        assert LedgerEntry.objects.get(action="erasure.survivors").params["files"] == 1
    finally:
        ForgetfulStorage.forgets = False

    assert len(finish_open_erasures(older_than=NOW)) == 1
    assert actions()[4:] == ["erasure.done"]


def use_storage(settings, kind: type) -> None:
    """Let a storage that fails keep the files, in the folder where they are."""
    settings.LETHE_FILES_STORAGE = f"{kind.__module__}.{kind.__qualname__}"
    settings.MEDIA_ROOT = str(deployment.LETHE_FILES_DIR)
    sealed_storage.cache_clear()


# --- Survivors


def test_rows_that_no_declaration_reaches_keep_the_erasure_open(chat):
    """A table with sealed rows that somebody forgot to declare is found by the catalogue."""
    native = connection.features.has_native_uuid_field
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE forgotten_copy (id integer, key_id {'uuid' if native else 'char(32)'})")
        cursor.execute(
            "INSERT INTO forgotten_copy VALUES (1, %s)", [chat.key_id if native else chat.key_id.hex]
        )
    try:
        with pytest.raises(ErasureIncomplete, match="rows"):
            erase(chat)
        assert Erasure.objects.get(done=None)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE forgotten_copy")

    assert len(finish_open_erasures(older_than=NOW)) == 1


def test_late_message_of_a_chat_that_is_being_erased_goes_with_the_next_pass(chat, account, visitor):
    """Something written after the rows went and before the keys did is found by its key."""
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        erase(chat)
    Conversation.objects.bulk_create(
        [Conversation(account=account, contact=visitor, key_id=chat.key_id, token_hash="late")]
    )
    late = Conversation.objects.get(token_hash="late")
    Message(
        account=account, conversation=late, key_id=chat.key_id, seq=1, side="visitor", body="late words"
    ).save()

    assert len(finish_open_erasures(older_than=NOW)) == 2

    assert not Message.objects.exists()
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_rows_that_the_models_managers_hide_are_erased(chat, monkeypatch):
    managers = type(Message.objects)
    everything = managers.get_queryset

    def hide_visitors(manager):
        rows = everything(manager)
        return rows.filter(side="agent") if manager.model is Message else rows

    monkeypatch.setattr(managers, "get_queryset", hide_visitors)
    assert (Message.objects.count(), Message._base_manager.count()) == (0, 0)

    erase(chat)
    monkeypatch.undo()

    assert Message.objects.count() == 0


# --- Order


def test_what_is_found_through_a_row_goes_before_it():
    for root in (Ticket, Conversation, User):
        order = [declared.model for declared in declarations.unit_of(root)]
        assert order[-1] is root


def test_people_go_after_what_is_theirs():
    order = [root.model for root in declarations.roots()]

    assert order.index(Conversation) < order.index(Contact)
    assert order.index(Ticket) < order.index(Contact)


# --- Third parties' tables


def test_sessions_and_attempts_of_third_parties_go_by_their_term(agent_client, account):
    old = timezone.now() - timedelta(days=31)
    attempt = AccessAttempt.objects.create(username="v", ip_address="192.0.2.1", failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=old)
    AccessAttemptExpiration.objects.create(access_attempt=attempt, expires_at=old)
    Session.objects.update(expire_date=old)

    report = purge()

    assert (report.erased, report.failed) == (3, 0)
    assert (AccessAttempt.objects.count(), Session.objects.count()) == (0, 0)
    assert LedgerEntry.objects.filter(action="rows.purged").count() == 3


def test_history_of_the_admin_goes_with_its_user(operator):
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=operator, content_type=kind, object_repr="user", action_flag=ADDITION)

    erase_person(operator, reason="not_necessary")

    assert LogEntry.objects.count() == 0


def vault_files() -> bytes:
    """Return what the disk holds of an embedded vault; nothing where it is a server's."""
    database = Path(str(connections["vault"].settings_dict["NAME"]))
    files = [database, database.with_name(database.name + "-wal")]
    return b"".join(path.read_bytes() for path in files if path.exists())


def test_nothing_of_a_destroyed_key_is_left_in_the_files_of_the_vault(chat):
    wrapped = DataKey.objects.get(pk=chat.key_id).wrapped.encode()
    assert (wrapped in vault_files()) == (connection.vendor == "sqlite")

    erase(chat)

    assert wrapped not in vault_files()


def test_reader_of_the_vault_does_not_hold_up_an_erasure(chat):
    """A key may then stay in the journal of SQLite for a moment: until the next purge."""
    wrapped = DataKey.objects.get(pk=chat.key_id).wrapped.encode()
    reading, finished = threading.Event(), threading.Event()

    def read() -> None:
        with connections["vault"].chunked_cursor() as cursor:
            cursor.execute("SELECT * FROM privacy_datakey")
            cursor.fetchone()
            reading.set()
            finished.wait(30)
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait(30)
    try:
        start = time.monotonic()
        assert erase(chat) == 1
        assert time.monotonic() - start < 5
    finally:
        finished.set()
        reader.join()

    purge()

    assert wrapped not in vault_files()
