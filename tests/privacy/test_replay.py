"""A restored database serves nothing that was erased since, and learns what it missed."""

import shutil
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as deployment
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from chat.models import Conversation, Message
from helpdesk.models import Contact, Ticket, TicketFile, TicketMessage
from privacy import ledger, tasks, vault
from privacy.encryption.errors import KeyUnavailable
from privacy.encryption.files import store_file, stored_files
from privacy.models import DataKey, Heartbeat, LedgerEntry, LedgerHead
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.restoring.replay import Gate, gate_state, replay_erasures
from tests import factories
from tests.privacy.backups import Backup
from tests.privacy.failing import dying_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path):
    return lambda alias="default": Backup(alias, tmp_path)


@pytest.fixture
def chat(account, visitor):
    return factories.chat(account, contact=visitor, says=("the words of Vera",))


def erase(*units) -> None:
    for unit in units:
        erase_units(type(unit), [unit.pk], account_id=unit.account_id, reason="closed")


def visit(path: str = "/sign-in/"):
    return Client().get(path)


# --- A stale main database


def test_restored_copy_from_before_an_erasure_serves_nothing(chat, backup):
    copy = backup()
    erase(chat)
    assert gate_state() is Gate.OPEN

    copy.put_back()

    assert Message.objects.count() == 1
    assert gate_state() is Gate.STALE_MAIN
    for path in ("/", "/sign-in/", "/agent/", "/admin/", f"/chat/{chat.account.public_id}/", "/nowhere/"):
        response = visit(path)
        assert response.status_code == 503
        assert "still holds what was erased since" in response.content.decode()
    assert visit("/healthz").status_code == 200


def test_nothing_of_the_erased_person_can_be_read_from_a_restored_copy(chat, backup):
    copy = backup()
    erase(chat)

    copy.put_back()

    assert [message.body for message in Message.objects.all()] == [""]
    assert [(contact.name, contact.email) for contact in Contact.objects.all()] == [("", "")]


def test_replay_removes_the_rows_and_opens_the_gate(chat, backup):
    copy = backup()
    erase(chat)
    copy.put_back()

    assert replay_erasures() == 3

    assert (Conversation.objects.count(), Message.objects.count(), Contact.objects.count()) == (0, 0, 0)
    assert gate_state() is Gate.OPEN
    assert visit().status_code == 200
    assert ledger.verify().ok
    entry = LedgerEntry.objects.get(action="erasures.replayed")
    assert entry.params["rows"] == 3
    assert LedgerHead.objects.get().seq == entry.seq


def test_chat_is_dead_in_the_copy_while_the_same_persons_ticket_lives(chat, account, visitor, backup):
    ticket = factories.ticket(account, requester=visitor, subject="Torn", says=("Page nine",))
    copy = backup()
    erase(chat)

    copy.put_back()

    assert [message.body for message in Message.objects.all()] == [""]
    assert TicketMessage.objects.get().body == "Page nine"
    replay_erasures()
    assert Message.objects.count() == 0
    assert Ticket.objects.get(pk=ticket.pk).subject == "Torn"
    assert Contact.objects.get().name == "Vera Visitor"


def test_restored_files_are_deleted_again(account, backup, tmp_path):
    ticket = factories.ticket(account)
    message = ticket.messages.get()
    name = store_file(vault.open_key(message.key_id), [b"scan"])
    TicketFile.objects.create(
        account=account,
        ticket=ticket,
        message=message,
        key_id=message.key_id,
        name="scan.png",
        stored_as=name,
        size=4,
    )
    copy = backup()
    shutil.copytree(deployment.LETHE_FILES_DIR, tmp_path / "files.backup")
    erase(ticket)

    copy.put_back()
    shutil.copytree(tmp_path / "files.backup", deployment.LETHE_FILES_DIR, dirs_exist_ok=True)
    assert list(stored_files()) == [name]
    replay_erasures()

    assert list(stored_files()) == []
    assert Ticket.objects.count() == 0


def test_many_erasures_are_replayed_in_their_order(account, backup):
    chats = [factories.chat(account) for _ in range(3)]
    kept = factories.chat(account, says=("kept",))
    erase(chats[0])
    copy = backup()
    erase(*chats[1:])

    copy.put_back()
    replay_erasures()

    assert Conversation.objects.get() == kept
    assert Message.objects.get().body == "kept"
    assert gate_state() is Gate.OPEN


def test_second_replay_finds_nothing(chat, backup):
    copy = backup()
    erase(chat)
    copy.put_back()
    replay_erasures()

    assert replay_erasures() == 0
    assert gate_state() is Gate.OPEN


def test_restored_copy_that_missed_no_erasure_is_served(chat, backup):
    ledger.append("policy.changed")
    copy = backup()
    ledger.append("policy.changed")

    copy.put_back()

    assert gate_state() is Gate.OPEN
    assert Message.objects.get().body == "the words of Vera"


def test_erasure_that_was_under_way_when_the_copy_was_taken(chat, backup):
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        erase(chat)
    copy = backup()
    finish_open_erasures(older_than=timedelta())

    copy.put_back()

    assert Message.objects.count() == 0
    assert gate_state() is Gate.OPEN


def test_replay_that_was_interrupted_goes_on(account, backup):
    chats = [factories.chat(account) for _ in range(2)]
    copy = backup()
    erase(*chats)
    copy.put_back()

    with dying_at("default", 'DELETE FROM "chat_message"', 2):
        replay_erasures()
    assert gate_state() is Gate.STALE_MAIN
    replay_erasures()

    assert (Conversation.objects.count(), gate_state()) == (0, Gate.OPEN)


# --- Nobody opens the gate by accident


def test_worker_of_a_restored_copy_does_not_make_it_look_up_to_date(chat, account, backup):
    copy = backup()
    erase(chat)
    copy.put_back()

    ledger.record("policy.changed", account_id=account.pk)  # chained at once, newer than the erasure
    ledger.drain_outbox()
    purge()

    assert gate_state() is Gate.STALE_MAIN


def test_erasure_in_a_restored_copy_does_not_make_it_look_up_to_date(chat, account, backup):
    other = factories.chat(account)
    copy = backup()
    erase(chat)
    copy.put_back()

    erase(other)

    assert gate_state() is Gate.STALE_MAIN
    replay_erasures()
    assert (Conversation.objects.count(), gate_state()) == (0, Gate.OPEN)


def test_tasks_wait_for_the_gate(chat, account, backup, long_ago):
    factories.policy(account, "chat", amount=1)
    due = factories.chat(account, closed_at=long_ago)
    unused = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    DataKey.objects.filter(pk=unused).update(created_at=long_ago)
    copy = backup()
    erase(chat)
    copy.put_back()

    tasks.purge()
    tasks.sweep_keys()
    tasks.beat_heartbeat()

    assert Conversation.objects.filter(pk=due.pk).exists()
    assert DataKey.objects.filter(pk=unused).exists()
    assert Heartbeat.objects.get().part == "beat"
    replay_erasures()
    tasks.purge()
    assert not Conversation.objects.filter(pk=due.pk).exists()


# --- A stale vault


def test_vault_that_is_older_than_the_database_has_its_own_message(chat, backup):
    copy = backup("vault")
    erase(chat)

    copy.put_back()

    assert gate_state() is Gate.STALE_VAULT
    response = visit()
    assert response.status_code == 503
    assert "keys come from an older backup" in response.content.decode()


def test_stale_vault_can_not_be_replayed(chat, backup):
    copy = backup("vault")
    erase(chat)
    copy.put_back()
    before = LedgerEntry.objects.count()

    with pytest.raises(CommandError, match="restore the newest vault"):
        call_command("replay_erasures", stdout=StringIO())
    tasks.drain_outbox()

    assert LedgerEntry.objects.count() == before
    assert gate_state() is Gate.STALE_VAULT


def test_loss_is_accepted_once_and_for_good_in_the_ledger(chat, backup):
    ledger.append("policy.seen")
    copy = backup("vault")
    erase(chat)
    remembered = LedgerHead.objects.get().seq
    copy.put_back()

    call_command("replay_erasures", "--accept-loss", stdout=StringIO())
    call_command("replay_erasures", "--accept-loss", stdout=StringIO())

    (entry,) = LedgerEntry.objects.filter(action="evidence.lost")
    assert entry.params["remembered"] == remembered
    assert gate_state() is Gate.OPEN


def test_loss_of_a_vault_that_is_not_stale_is_not_accepted(chat, backup):
    copy = backup()
    erase(chat)
    copy.put_back()

    call_command("replay_erasures", "--accept-loss", stdout=StringIO())

    assert not LedgerEntry.objects.filter(action="evidence.lost").exists()
    assert not Conversation.objects.exists()


def test_stale_vault_is_found_by_the_verifier(chat, backup):
    copy = backup("vault")
    erase(chat)

    copy.put_back()

    assert not ledger.verify().ok


def test_vault_that_lost_a_key_is_an_incident_and_not_an_erasure(chat):
    DataKey.objects.filter(pk=chat.key_id).delete()

    with pytest.raises(KeyUnavailable, match="neither key nor tombstone"):
        _ = Message.objects.get().body


# --- A lost vault


def lose_vault() -> None:
    for model in ("tombstone", "erasure", "ledgerentry", "datakey"):
        with connections["vault"].cursor() as cursor:
            cursor.execute(f"DELETE FROM privacy_{model}")


def test_empty_vault_beside_a_database_with_a_past_serves_nothing(chat, account):
    erase(factories.chat(account))
    lose_vault()

    assert gate_state() is Gate.LOST_VAULT
    response = visit()
    assert response.status_code == 503
    assert "Its keys are missing" in response.content.decode()


def test_empty_vault_beside_sealed_rows_serves_nothing_though_no_entry_is_remembered(chat):
    assert gate_state() is Gate.OPEN
    lose_vault()

    assert gate_state() is Gate.LOST_VAULT


def test_key_that_somebody_asked_an_empty_vault_for_does_not_make_it_look_kept(chat):
    lose_vault()
    vault.standing_key(kind=DataKey.Kind.SIGNING, account_id=None)

    assert gate_state() is Gate.LOST_VAULT


def test_new_deployment_is_served():
    assert gate_state() is Gate.OPEN


# --- Command


def test_command_says_how_many_rows_it_erased_again(chat, backup):
    copy = backup()
    erase(chat)
    copy.put_back()
    output = StringIO()

    call_command("replay_erasures", stdout=output)

    assert output.getvalue().startswith("3 rows were erased again.")


def test_command_says_that_an_empty_vault_has_to_be_restored(chat):
    erase(chat)
    lose_vault()

    with pytest.raises(CommandError, match="The vault is empty, but the main database"):
        call_command("replay_erasures", stdout=StringIO())

    assert LedgerEntry.objects.count() == 0


# --- Commands wait as the pages do


@pytest.fixture
def stale(chat, account, backup, long_ago):
    """Return a function that makes one of the databases older than the other, with something due in both."""

    def make(alias: str) -> None:
        factories.policy(account, "chat", amount=1)
        factories.chat(account, closed_at=long_ago)
        copy = backup(alias)
        erase(chat)
        copy.put_back()

    return make


def everything() -> dict[tuple[str, str], list[tuple]]:
    """Return every row of both databases as it is stored."""
    rows = {}
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                rows[alias, table] = sorted(cursor.fetchall(), key=repr)
    return rows


@pytest.mark.parametrize(
    ("alias", "advice"),
    [("default", "run `python manage.py replay_erasures`"), ("vault", "restore the newest vault")],
)
def test_commands_that_change_or_show_something_wait_for_the_gate(alias, advice, stale, settings, tmp_path):
    stale(alias)
    settings.LETHE_DEMO = True
    before, contact = everything(), str(Contact.objects.first().pk)
    commands = [
        ["purge"],
        ["purge", "--dry-run"],
        ["erase_contact", contact, "--reason", "request"],
        ["export_contact", contact],
        ["rotate_keys"],
        ["seed_demo"],
        ["publish_ledger"],
        ["backup", "--to", str(tmp_path / "backups")],
    ]

    for command in commands:
        output = StringIO()
        with pytest.raises(CommandError, match=advice) as refused:
            call_command(*command, stdout=output)
        assert (refused.value.returncode, output.getvalue()) == (1, "")

    assert everything() == before


def test_ledger_of_a_stale_vault_is_not_exported(stale, tmp_path):
    stale("vault")

    with pytest.raises(CommandError, match="Nothing was exported"):
        call_command("export_ledger", "--out", str(tmp_path / "ledger.json"))

    assert list(tmp_path.glob("ledger.json")) == []


def test_ledger_beside_a_stale_main_database_can_be_exported(stale, tmp_path):
    stale("default")

    call_command("export_ledger", "--out", str(tmp_path / "ledger.json"), stdout=StringIO())

    assert ledger.verify().ok


@pytest.mark.parametrize("alias", ["default", "vault"])
def test_traces_are_found_and_the_ledger_verified_while_the_gate_is_closed(alias, stale):
    stale(alias)

    with pytest.raises(SystemExit):
        call_command("find_traces", "Where is my order?", stdout=StringIO())
    if alias == "default":
        call_command("verify_ledger", stdout=StringIO())
    else:
        with pytest.raises(SystemExit):
            call_command("verify_ledger", stdout=StringIO())
