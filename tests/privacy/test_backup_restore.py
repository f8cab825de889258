"""A backup comes back whole or not at all, and brings nothing back that was erased."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from chat.models import Conversation, Message
from privacy import ledger, running
from privacy.backups import folders
from privacy.encryption.files import delete_file, read_file, sealed_storage, store_file, stored_files
from privacy.ledger import mirror
from privacy.models import DataKey, Erasure, Heartbeat, LedgerEntry, Tombstone
from privacy.services.erasing.erasure import erase_units
from privacy.services.restoring.backup import back_up
from privacy.services.restoring.replay import Gate, gate_state
from privacy.services.restoring.restore import restore
from privacy.services.rotation import rotate_keys
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def home(settings, tmp_path) -> Path:
    settings.LETHE_BACKUP_DIR = tmp_path / "backups"
    return settings.LETHE_BACKUP_DIR


@pytest.fixture
def chat(account, visitor):
    return factories.chat(account, contact=visitor, says=("the words of Vera",))


def backup_of(part: str) -> Path:
    return back_up(parts=[part])[0].folder


def put_back(part: str, source: Path) -> str:
    output = StringIO()
    call_command("restore", "--part", part, "--from", str(source), "--yes", stdout=output)
    return output.getvalue()


def erase(*units) -> None:
    for unit in units:
        erase_units(type(unit), [unit.pk], account_id=unit.account_id, reason="closed")


def lose_vault() -> None:
    for model in ("tombstone", "erasure", "ledgerentry", "datakey"):
        with connections["vault"].cursor() as cursor:
            cursor.execute(f"DELETE FROM privacy_{model}")


# --- The main database


def test_main_database_comes_back_as_it_was(chat, account):
    copy = backup_of("main")
    Message.objects.all().delete()
    factories.ticket(account)

    said = put_back("main", copy)

    assert [message.body for message in Message.objects.all()] == ["the words of Vera"]
    assert account.tickets.count() == 0
    assert "The databases fit together." in said
    assert LedgerEntry.objects.get(action="backup.restored").params["part"] == "main"


def test_restored_database_can_be_written_to(chat, account):
    copy = backup_of("main")
    put_back("main", copy)

    factories.chat(account)

    assert Conversation.objects.count() == 2


def test_manifest_names_the_backup_as_well_as_its_folder(chat):
    copy = backup_of("main")
    Message.objects.all().delete()

    put_back("main", copy / "manifest.json")

    assert Message.objects.count() == 1


def test_sessions_do_not_come_back(chat):
    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())
    copy = backup_of("main")

    put_back("main", copy)

    assert Session.objects.count() == 0


def test_tables_that_the_backup_does_not_know_go(chat):
    copy = backup_of("main")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (account_id bigint REFERENCES helpdesk_account (id))")
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'later', '2026-01-01')"
        )

    put_back("main", copy)

    assert "later" not in connection.introspection.table_names()
    assert Message.objects.count() == 1


# --- The vault


def test_vault_takes_over_from_the_mirror_what_was_erased_since(chat, account):
    kept = factories.chat(account, says=("kept",))
    copy = backup_of("vault")
    erase(chat)
    entries = list(LedgerEntry.objects.values_list("seq", "hash"))
    tombstones = set(Tombstone.objects.values_list("key_id", "entry_id"))
    lose_vault()

    said = put_back("vault", copy)

    assert list(LedgerEntry.objects.values_list("seq", "hash"))[: len(entries)] == entries
    assert set(Tombstone.objects.values_list("key_id", "entry_id")) == tombstones
    assert not DataKey.objects.filter(pk=chat.key_id).exists()
    assert not Erasure.objects.filter(done=None).exists()
    assert Message.objects.get().body == "kept" == kept.messages.get().body
    assert ledger.verify().problem == ""
    assert gate_state() is Gate.OPEN
    assert "The vault took over" in said


def test_erasure_that_the_mirror_shows_begun_is_finished_by_the_next_pass(chat):
    copy = backup_of("vault")
    erase(chat)
    lines = mirror.path().read_bytes().splitlines(keepends=True)
    begun = next(json.loads(line)["seq"] for line in lines if b"chat.conversation" in line)
    mirror.path().write_bytes(b"".join(lines[:begun]))
    lose_vault()

    restore(part="vault", source=copy)

    assert Erasure.objects.get(done=None).begun_id == begun
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_mirror_of_another_ledger_is_not_taken_over(chat):
    copy = backup_of("vault")
    erase(chat)
    lines = mirror.path().read_bytes().replace(b'"reason": "closed"', b'"reason": "forged"')
    mirror.path().write_bytes(lines)
    lose_vault()

    with pytest.raises(CommandError, match="of the mirror doesn't continue the vault's ledger"):
        put_back("vault", copy)

    assert gate_state() is Gate.STALE_VAULT


def test_keys_that_are_lost_are_counted(chat, account):
    copy = backup_of("vault")
    factories.chat(account)
    lose_vault()

    said = put_back("vault", copy)

    assert "2 keys are lost: what they sealed can't be read by anybody any more." in said  # chat and contact
    assert "Article 33 gives 72 hours to notify the authority" in said
    entry = LedgerEntry.objects.get(action="backup.restored")
    assert (entry.params["part"], entry.params["lost_keys"]) == ("vault", 2)


def test_what_is_lost_with_the_vault_is_erased_and_the_rest_stays(chat, account):
    copy = backup_of("vault")
    lost = factories.chat(account, says=("began after the copy",))
    lose_vault()
    put_back("vault", copy)

    call_command("erase_unreadable", "--yes", stdout=StringIO())

    assert [message.body for message in Message.objects.all()] == ["the words of Vera"]
    assert not Conversation.objects.filter(pk=lost.pk).exists()
    assert (gate_state(), ledger.verify().problem) == (Gate.OPEN, "")


def test_stale_vault_without_a_mirror_stays_closed_and_says_so(chat):
    copy = backup_of("vault")
    erase(chat)
    lose_vault()
    mirror.path().unlink()

    said = put_back("vault", copy)

    assert gate_state() is Gate.STALE_VAULT
    assert "The vault is older than the main database: restore the newest vault." in said
    assert not LedgerEntry.objects.filter(action="backup.restored").exists()


def test_ledger_that_comes_back_opens_a_stale_vault(chat):
    keys = backup_of("vault")
    erase(chat)
    evidence = backup_of("ledger")
    lose_vault()
    mirror.path().unlink()
    put_back("vault", keys)

    said = put_back("ledger", evidence)

    assert "The vault took over" in said
    assert gate_state() is Gate.OPEN
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_vault_that_is_newer_than_its_backup_is_not_replaced(chat):
    copy = backup_of("vault")

    with pytest.raises(CommandError, match="the keys made since would be lost"):
        put_back("vault", copy)

    assert Message.objects.get().body == "the words of Vera"


def test_vault_that_the_ring_can_not_open_is_not_put_back(chat, settings, new_ring_key):
    copy = backup_of("vault")
    lose_vault()
    new_ring_key()
    settings.FIELD_ENCRYPTION_KEY = settings.FIELD_ENCRYPTION_KEY[:1]

    with pytest.raises(CommandError, match="The key ring can't open this vault, it lacks"):
        put_back("vault", copy)

    assert DataKey.objects.count() == 0


# --- Files


def test_lost_files_come_back_and_others_stay(account):
    key = b"k" * 32
    names = [store_file(key, [text]) for text in (b"first", b"second")]
    copy = backup_of("files")
    delete_file(names[0])
    newer = store_file(key, [b"newer"])

    put_back("files", copy)

    assert sorted(stored_files()) == sorted([*names, newer])
    assert b"".join(read_file(key, names[0])) == b"first"


def test_file_that_was_changed_in_the_pool_is_not_stored(account, home):
    name = store_file(b"k" * 32, [b"scan"])
    copy = backup_of("files")
    delete_file(name)
    (home / "files" / "pool" / name).write_bytes(b"something else")

    with pytest.raises(CommandError, match="is missing in the backup, or was changed"):
        put_back("files", copy)

    assert not sealed_storage().exists(name)


def test_list_that_leads_elsewhere_is_refused(account, home, tmp_path):
    copy = backup_of("files")
    line = json.dumps({"name": "../../keys/ring", "size": 1, "sha256": "0"})
    (copy / "files.jsonl").write_text(line + "\n")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["files.jsonl"] = {
        "size": len(line) + 1,
        "sha256": folders.digest(copy / "files.jsonl"),
    }
    (copy / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(CommandError, match="under a name that is none of ours"):
        put_back("files", copy)


# --- The ledger


def test_mirror_comes_back_from_all_its_backups(entries):
    backup_of("ledger")
    ledger.append("policy.changed")
    newest = backup_of("ledger")
    whole = mirror.path().read_bytes()
    mirror.path().unlink()

    put_back("ledger", newest)

    assert mirror.path().read_bytes().startswith(whole[: whole.rindex(b"\n", 0, -1)])
    assert ledger.verify().problem == ""


def test_published_heads_come_back(entries, settings):
    call_command("publish_ledger", stdout=StringIO())
    copy = backup_of("ledger")
    mirror.path().unlink()
    (head,) = Path(settings.LETHE_HEADS_DIR).iterdir()
    text = head.read_bytes()
    head.unlink()

    put_back("ledger", copy)

    assert head.read_bytes() == text


def test_mirror_that_goes_further_than_its_backup_stays(entries):
    copy = backup_of("ledger")
    before = mirror.path().read_bytes()

    with pytest.raises(CommandError, match="goes further than the backup"):
        put_back("ledger", copy)

    assert mirror.path().read_bytes() == before


# --- What is refused


@pytest.mark.parametrize("part", ["main", "vault", "files", "ledger"])
def test_backup_that_was_changed_is_refused(chat, part):
    copy = backup_of(part)
    changed = next(path for path in sorted(copy.iterdir()) if path.name != "manifest.json")
    changed.write_bytes(changed.read_bytes() + b"x")

    with pytest.raises(CommandError, match="was changed since the backup was made"):
        put_back(part, copy)

    assert Message.objects.get().body == "the words of Vera"


def test_backup_of_another_part_is_refused(chat):
    copy = backup_of("main")

    with pytest.raises(CommandError, match="is a backup of the part main"):
        put_back("vault", copy)


def test_folder_that_is_no_backup_is_refused(chat, tmp_path):
    with pytest.raises(CommandError, match="is no backup: it has no manifest"):
        put_back("main", tmp_path)


def test_backup_of_a_newer_version_is_refused(chat):
    copy = backup_of("main")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["facts"]["migrations"].append("chat.0999_from_the_future")
    (copy / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(CommandError, match="this one doesn't know chat"):
        put_back("main", copy)


def test_nothing_is_put_back_while_somebody_runs(chat):
    copy = backup_of("main")
    before = len(running._held)
    running.hold()
    try:
        with pytest.raises(CommandError, match="The web process, a worker or a command runs: stop it first"):
            put_back("main", copy)
    finally:
        running._held.pop().close()

    assert len(running._held) == before
    assert Message.objects.count() == 1


def test_nobody_starts_while_a_backup_is_put_back(chat):
    with running.alone(), pytest.raises(running.Busy, match="A backup is being put back"):
        running.hold()


WRITING = [
    ("backup", "--part", "main"),
    ("erase_contact", "0", "--reason", "withdrawn"),
    ("erase_unreadable", "--yes"),
    ("export_ledger", "--out", "/dev/null"),
    ("publish_ledger",),
    ("purge",),
    ("replay_erasures",),
    ("rotate_keys",),
]


@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
def test_no_command_writes_while_a_backup_is_put_back(chat, command):
    before = LedgerEntry.objects.count()

    with running.alone(), pytest.raises(CommandError, match="A backup is being put back"):
        call_command(*command, stdout=StringIO())

    assert LedgerEntry.objects.count() == before


def test_nothing_is_put_back_while_a_command_runs(chat, monkeypatch):
    copy = backup_of("main")
    refused = []

    def meanwhile(**options):
        with pytest.raises(CommandError, match="a command runs: stop it first") as error:
            put_back("main", copy)
        refused.append(error)
        return rotate_keys()

    monkeypatch.setattr("privacy.management.commands.rotate_keys.rotate_keys", meanwhile)
    call_command("rotate_keys", stdout=StringIO())

    assert len(refused) == 1
    put_back("main", copy)


@pytest.mark.postgres
def test_worker_of_another_machine_is_seen_by_its_heartbeat(chat):
    copy = backup_of("main")
    Heartbeat.objects.create(part="beat", seen_at=timezone.now())

    with pytest.raises(CommandError, match="A worker was alive less than 15 seconds ago"):
        put_back("main", copy)


def test_nothing_is_changed_without_a_yes(chat, monkeypatch):
    copy = backup_of("main")
    Message.objects.all().delete()
    monkeypatch.setattr("builtins.input", lambda question: "no")

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", "--part", "main", "--from", str(copy), stdout=StringIO())

    assert Message.objects.count() == 0
