"""Each part is copied whole while others write, into a place of its own, and goes when its time is over."""

import json
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation, Message
from privacy import ledger, tasks, vault
from privacy.backups import folders, postgres
from privacy.encryption.files import delete_file, store_file
from privacy.ledger import mirror
from privacy.models import DataKey, LedgerEntry, LedgerHead
from privacy.services.restoring.backup import PARTS, BackupRefused, back_up
from privacy.services.restoring.restore import restore
from tests import factories
from tests.backend import ON_POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(settings, tmp_path) -> Path:
    settings.LETHE_BACKUP_DIR = tmp_path / "backups"
    return settings.LETHE_BACKUP_DIR


def manifest_of(made) -> folders.Manifest:
    return folders.read(made.folder)[1]


def later(days: float):
    return freeze_time(timezone.now() + timedelta(days=days), tick=True)


# --- What is made


def test_each_part_goes_into_a_folder_of_its_own(home, account, entries):
    made = back_up()

    assert [backup.part for backup in made] == list(PARTS)
    assert [backup.folder.parent for backup in made] == [home / part for part in PARTS]
    for backup in made:
        manifest = manifest_of(backup)
        assert (manifest.part, backup.bytes) == (backup.part, manifest.size)
        assert manifest.files != {}
        folders.verify(backup.folder, manifest)


def test_nobody_else_may_read_a_backup(home, account, entries):
    store_file(b"k" * 32, [b"scan"])
    back_up()

    paths = [home, *home.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()} == {0o700}


def test_backup_is_evidence(home, account):
    made = back_up(parts=["vault"])[0]

    entry = LedgerEntry.objects.get(action="backup.made")
    assert entry.params == {"part": "vault", "seq": made.seq, "bytes": made.bytes, "rotated": 0}


def test_vault_is_copied_after_the_rows_that_need_its_keys(home, account):
    main, _files, keys, evidence = back_up()

    assert main.folder.name < keys.folder.name < evidence.folder.name


def test_command_prints_what_was_made(home, account):
    output = StringIO()

    call_command("backup", "--part", "main", "--json", stdout=output)

    (made,) = json.loads(output.getvalue())
    assert made["part"] == "main"
    assert Path(made["folder"]).parent == home / "main"
    assert set(home.iterdir()) == {home / ".lock", home / "main"}


def test_command_backs_up_where_it_is_told(home, account, tmp_path):
    call_command("backup", "--to", str(tmp_path / "elsewhere"), stdout=StringIO())

    assert not home.exists()
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == [".lock", *sorted(PARTS)]


def test_copy_is_of_one_moment_while_others_write(home, account):
    chat = factories.chat(account, says=())
    stop = threading.Event()

    def write() -> None:
        seq = 0
        while not stop.is_set():
            seq += 1
            with transaction.atomic():
                row = {"account": account, "conversation": chat, "key_id": chat.key_id}
                Message.objects.create(**row, seq=seq, side="visitor", body="words")
                Conversation.objects.update(last_seq=seq)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        made = [back_up(parts=["main"])[0] for _ in range(3)]
        stop.set()
        writing.result()
    written = Message.objects.count()

    restore(part="main", source=made[1].folder)

    assert 0 < Message.objects.count() < written
    assert Conversation.objects.get().last_seq == Message.objects.count()


def content_of(copy: Path) -> bytes:
    """Return all bytes of a copy of a database, unpacked."""
    if not ON_POSTGRES:
        return (copy / "database.sqlite3").read_bytes()
    command = ["pg_restore", "--file=-", str(copy / "database.dump")]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_copy_of_the_vault_holds_no_trace_of_a_destroyed_key(home, account):
    chat = factories.chat(account)
    wrapped = DataKey.objects.get(pk=chat.key_id).wrapped.encode()
    before = back_up(parts=["vault"])[0].folder
    vault.destroy_keys([chat.key_id], entry=ledger.append("keys.swept", keys=[chat.key_id]))

    after = back_up(parts=["vault"])[0].folder

    assert wrapped in content_of(before)
    assert wrapped not in content_of(after)


def test_timetable_backs_everything_up(home, account):
    tasks.back_up()

    assert [len(folders.kept(home / part)) for part in PARTS] == [1, 1, 1, 1]


# --- What goes


def test_copies_of_keys_go_early_and_copies_of_ciphertext_late(home, account):
    back_up()
    with later(days=3):
        second = {made.part: made.rotated for made in back_up()}
    with later(days=36):
        third = {made.part: made.rotated for made in back_up()}

    assert second == {"main": 0, "files": 0, "vault": 1, "ledger": 0}
    assert third == {"main": 1, "files": 1, "vault": 1, "ledger": 0}
    assert [len(folders.kept(home / part)) for part in PARTS] == [2, 2, 1, 3]


def test_newest_copy_stays_however_old_it_is(home, account):
    made = back_up(parts=["vault"])[0]

    with later(days=400):
        rotated = folders.rotate(home / "vault", keep=timedelta(days=2))

    assert rotated == 0
    assert folders.kept(home / "vault") == [made.folder]


def test_failed_backup_leaves_nothing_and_removes_nothing(home, account):
    made = back_up(parts=["main"])[0]

    def fail(folder: Path):
        (folder / "half").write_text("half")
        raise OSError("the disk is full")

    with later(days=400), pytest.raises(OSError, match="the disk is full"):
        folders.write(home / "main", part="main", seq=0, fill=fail)

    assert list((home / "main").iterdir()) == [made.folder]


def test_what_a_crash_left_unfinished_goes_with_the_next_backup(home, account):
    left = home / "main" / ".20200101T000000.000000Z.partial"
    left.mkdir(parents=True)
    (left / "database.dump").write_text("half")

    back_up(parts=["main"])

    assert not left.exists()


# --- Files


def pool(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "files" / "pool").glob("*/*"))


def test_file_is_copied_once_and_as_ciphertext(home, account):
    name = store_file(b"k" * 32, [b"the scan of a passport"])
    back_up(parts=["files"])
    copy = home / "files" / "pool" / name
    first = copy.stat().st_mtime_ns

    other = store_file(b"k" * 32, [b"another"])
    made = back_up(parts=["files"])[0]

    assert copy.stat().st_mtime_ns == first
    assert b"passport" not in copy.read_bytes()
    assert pool(home) == sorted(each.split("/")[1] for each in (name, other))
    assert manifest_of(made).facts["stored"] == 2


def test_erased_file_follows_after_the_rotation(home, account):
    erased, kept = store_file(b"k" * 32, [b"a"]), store_file(b"k" * 32, [b"b"])
    back_up(parts=["files"])
    delete_file(erased)

    with later(days=34):
        back_up(parts=["files"])
        assert len(pool(home)) == 2
    with later(days=36):
        back_up(parts=["files"])

    assert pool(home) == [kept.split("/")[1]]


# --- Evidence


def segments(home: Path) -> list[list[int]]:
    paths = [folder / "ledger.jsonl" for folder in folders.kept(home / "ledger")]
    return [[json.loads(line)["seq"] for line in path.read_text().splitlines()] for path in paths]


def test_each_line_of_the_ledger_is_copied_once(home, entries):
    back_up(parts=["ledger"])
    ledger.append("policy.changed")
    back_up(parts=["ledger"])

    assert segments(home) == [[1, 2, 3, 4, 5, 6], [7, 8, 9]]


def cut(lines: list[bytes]) -> list[bytes]:
    """Cut ledger and mirror, and let the main database forget it."""
    LedgerEntry.objects.filter(seq__gt=3).delete()
    LedgerHead.objects.all().delete()
    return lines[:3]


def rebuilt(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"hash": "', b'"hash": "f') for line in lines]


def unreadable(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"broken\n"]


@pytest.mark.parametrize("changed", [cut, rebuilt, unreadable])
def test_mirror_that_was_changed_is_not_backed_up(home, entries, changed):
    back_up(parts=["ledger"])
    lines = mirror.path().read_bytes().splitlines(keepends=True)
    mirror.path().write_bytes(b"".join(changed(lines)))

    with pytest.raises(CommandError, match="doesn't continue what was backed up before"):
        call_command("backup", "--part", "ledger", stdout=StringIO())

    assert segments(home) == [[1, 2, 3, 4, 5, 6]]


def test_published_heads_are_copied_once(home, entries):
    call_command("publish_ledger", stdout=StringIO())
    made = back_up(parts=["ledger"])
    call_command("publish_ledger", stdout=StringIO())
    made += back_up(parts=["ledger"])

    heads = [[name for name in manifest_of(each).files if name.startswith("head-")] for each in made]
    assert [len(names) for names in heads] == [1, 1]
    assert heads[0] != heads[1]


# --- When nothing may be made


def test_lost_vault_never_takes_the_place_of_a_good_copy(home, account):
    chat = factories.chat(account)
    made = back_up(parts=["vault"])[0]
    for model in ("tombstone", "erasure", "ledgerentry", "datakey"):
        with connections["vault"].cursor() as cursor:
            cursor.execute(f"DELETE FROM privacy_{model}")

    with later(days=30), pytest.raises(BackupRefused, match="Nothing was backed up, and no older"):
        back_up()

    assert folders.kept(home / "vault") == [made.folder]
    assert LedgerEntry.objects.count() == 0
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_two_backups_do_not_meet(home, account):
    started, go_on = threading.Event(), threading.Event()

    def slow(folder: Path):
        started.set()
        go_on.wait(20)
        (folder / "x").write_text("x")
        return {}

    from privacy.services.restoring import backup

    def hold() -> None:
        with backup._one_at_a_time(home):
            folders.write(home / "main", part="main", seq=0, fill=slow)

    home.mkdir()
    first = threading.Thread(target=hold)
    first.start()
    started.wait(20)
    with pytest.raises(CommandError, match="Another backup is being made here"):
        call_command("backup", stdout=StringIO())
    go_on.set()
    first.join()

    assert len(folders.kept(home / "main")) == 1


# --- PostgreSQL's programs


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return a function that puts programs of the tests in the place of those of PostgreSQL."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o700)

    return add


@pytest.mark.postgres
def test_missing_pg_dump_is_one_clear_line(home, account, programs):
    with pytest.raises(CommandError, match="pg_dump isn't installed: it comes with"):
        call_command("backup", stdout=StringIO())

    assert list((home / "main").iterdir()) == []


@pytest.mark.postgres
def test_pg_dump_that_is_older_than_the_server_is_one_clear_line(home, account, programs):
    programs("pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'")

    with pytest.raises(CommandError, match="pg_dump is of version 9, the server of 15: install 15"):
        call_command("backup", stdout=StringIO())


@pytest.mark.postgres
def test_password_stands_in_no_command_line(home, account, programs, tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    programs(
        "pg_dump",
        f'if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; else'
        f' echo "$0 $*" > {seen}; echo "in the environment: $PGPASSWORD" >> {seen}; exit 1; fi',
    )
    monkeypatch.setitem(connections["default"].settings_dict, "PASSWORD", "hunter2")

    with pytest.raises(postgres.ProgramMissing, match="pg_dump failed"):
        back_up(parts=["main"])

    command, environment = seen.read_text().splitlines()
    assert "hunter2" not in command
    assert environment == "in the environment: hunter2"
