"""The ledger: nothing about anybody goes in, and no change, removal or cut goes unnoticed."""

import json
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation
from helpdesk.models import Contact
from privacy import ledger, vault
from privacy.declarations import root_of
from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS, link
from privacy.ledger.outbox import drain_outbox
from privacy.ledger.signing import public_key_pem
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerHead, OutboxLine, Tombstone
from privacy.services.erasure import _begin, _finish, erase_units
from privacy.services.sweep import sweep_keys
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(mirror, "LAG_SECONDS", 0.1)


@pytest.fixture
def entries():
    """Five entries, mirrored, and remembered by the main database."""
    made = [ledger.append("policy.changed", account_id=7, number=number) for number in range(5)]
    drain_outbox()
    return made


def finding() -> tuple[bool, int | None]:
    found = ledger.verify()
    return found.ok, found.broken_seq


def relink(first: int) -> None:
    """Make the chain consistent again from an entry on, as somebody would who can write but not sign."""
    prev = LedgerEntry.objects.get(seq=first - 1).hash if first > 1 else GENESIS
    for entry in LedgerEntry.objects.filter(seq__gte=first).order_by("seq"):
        entry.prev_hash = prev
        entry.hash = prev = link(
            seq=entry.seq,
            uid=entry.uid,
            at=entry.at,
            account_id=entry.account_id,
            action=entry.action,
            params=entry.params,
            prev=prev,
        )
        entry.save()


def numbers() -> list[int]:
    return [line["seq"] for line, _ in mirror.lines()]


def forget_witnesses() -> None:
    """Take away what remembers the ledger outside of it."""
    mirror.path().unlink()
    LedgerHead.objects.all().delete()


# --- Whole


def test_empty_ledger_is_whole():
    assert finding() == (True, None)


def test_untouched_ledger_is_whole(entries):
    found = ledger.verify()

    assert found == ledger.Finding(entries=5, head=entries[-1].hash)
    assert LedgerHead.objects.get().seq == 5
    assert [line["hash"] for line, _ in mirror.lines()] == [entry.hash for entry in entries]


def test_every_entry_is_verified_with_the_public_key_alone(entries):
    key = load_pem_public_key(public_key_pem().encode())

    for entry in entries:
        key.verify(bytes.fromhex(entry.signature), entry.hash.encode())


def test_params_of_every_allowed_kind_come_back_and_verify():
    at = datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
    uid = uuid4()

    entry = ledger.append("odd.kinds", a=1, b=None, c=True, d=uid, e=at, f=["x", 2, [uid]], g=-(2**60))

    assert LedgerEntry.objects.get(seq=entry.seq).params == {
        "a": 1,
        "b": None,
        "c": True,
        "d": uid.hex,
        "e": "2026-02-03T04:05:06.000007Z",
        "f": ["x", 2, [uid.hex]],
        "g": -(2**60),
    }
    assert finding() == (True, None)


# --- Changed, removed, cut


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"number": 99}},
        {"params": {}},
        {"action": "policy.kept"},
        {"account_id": 8},
        {"account_id": None},
        {"uid": uuid4()},
        {"at": timezone.now()},
        {"hash": "0" * 64},
        {"prev_hash": "0" * 64},
        {"signature": "00" * 64},
        {"signature": ""},
    ],
)
@pytest.mark.parametrize("seq", [2, 5])
def test_changed_entry_is_named(entries, change, seq):
    LedgerEntry.objects.filter(seq=seq).update(**change)

    assert finding() == (False, seq)


def test_removed_entry_is_named(entries):
    LedgerEntry.objects.filter(seq=3).delete()

    assert finding() == (False, 3)


def test_removed_beginning_is_named(entries):
    LedgerEntry.objects.filter(seq__lte=2).delete()

    assert finding() == (False, 1)


def test_reordered_entries_are_named(entries):
    LedgerEntry.objects.filter(seq=2).update(seq=99)
    LedgerEntry.objects.filter(seq=3).update(seq=2)
    LedgerEntry.objects.filter(seq=99).update(seq=3)

    assert finding() == (False, 2)


def test_entry_put_in_between_is_named(entries):
    LedgerEntry.objects.filter(seq=5).update(seq=6)
    copy = LedgerEntry.objects.get(seq=4)
    copy.seq, copy.uid, copy.signature = 5, uuid4(), ""
    copy.save(force_insert=True)
    relink(5)

    assert finding() == (False, 5)  # nobody signed it


def test_entry_put_at_the_end_is_named(entries):
    copy = LedgerEntry.objects.get(seq=5)
    copy.seq, copy.uid, copy.signature = 6, uuid4(), ""
    copy.save(force_insert=True)
    relink(6)

    assert finding() == (False, 6)


def test_rewritten_past_is_named_where_its_signature_stands(entries):
    LedgerEntry.objects.filter(seq=2).update(params={"number": 99})
    relink(2)

    assert finding() == (False, 2)


def test_rewritten_past_without_signatures_is_named(entries):
    LedgerEntry.objects.filter(seq=2).update(params={"number": 99})
    LedgerEntry.objects.filter(seq__gte=2).update(signature="")
    relink(2)

    assert finding() == (False, 2)


def test_cut_end_is_named_by_the_mirror(entries):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    LedgerHead.objects.all().delete()

    assert finding() == (False, 4)


def test_cut_end_is_named_by_the_main_database_where_the_mirror_was_cut_too(entries):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    lines = mirror.path().read_text().splitlines(keepends=True)
    mirror.path().write_text("".join(lines[:3]))

    assert finding() == (False, 4)


def test_emptied_ledger_is_named(entries):
    LedgerEntry.objects.all().delete()
    mirror.path().unlink()

    assert finding() == (False, 1)


def test_ledger_that_went_on_after_a_cut_is_named(entries):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    for number in range(3):
        ledger.append("policy.changed", account_id=7, number=90 + number)

    assert finding()[0] is False


def test_changed_mirror_is_named(entries):
    lines = [json.loads(line) for line in mirror.path().read_text().splitlines()]
    lines[2]["hash"] = "0" * 64
    mirror.path().write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert finding() == (False, 3)


@pytest.mark.parametrize(
    "line", ["nonsense", "5", "[]", "{}", '{"seq": "1", "hash": 2}', "\udcff", "[" * 5000]
)
def test_unreadable_mirror_is_told(entries, line):
    mirror.path().write_text(f"{line}\n", errors="surrogateescape")

    assert ledger.verify().problem == "the mirror can't be read"


def test_mirror_that_tells_another_story_under_the_same_hash_is_named(entries):
    text = mirror.path().read_text()
    mirror.path().write_text(text.replace('"number": 2', '"number": 7'))

    assert finding() == (False, 3)


def test_missing_mirror_is_a_finding(entries):
    mirror.path().unlink()

    found = ledger.verify()

    assert (found.broken_seq, found.problem) == (1, "the mirror lacks this entry")


@pytest.mark.parametrize("cut", [0, 2, 4])
def test_line_cut_out_of_the_mirror_is_named(entries, cut):
    lines = mirror.path().read_text().splitlines(keepends=True)
    del lines[cut]
    mirror.path().write_text("".join(lines))

    assert finding() == (False, cut + 1)


def test_line_that_stands_twice_in_the_mirror_is_named(entries):
    lines = mirror.path().read_text().splitlines(keepends=True)
    mirror.path().write_text("".join([*lines[:2], *lines[1:]]))

    assert finding() == (False, 3)


def test_cut_without_any_witness_can_not_be_seen_and_is_why_there_are_witnesses(entries):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    forget_witnesses()

    assert finding() == (False, 1)  # the mirror is missing
    mirror.catch_up()
    assert finding() == (True, None)


# --- Tombstones


def test_tombstones_that_were_deleted_are_missed(account, long_ago):
    chats = [factories.chat(account, closed_at=long_ago) for _ in range(2)]
    erase_units(Conversation, [chat.pk for chat in chats], account_id=account.pk, reason="retention")
    assert finding() == (True, None)
    begun = LedgerEntry.objects.filter(action="erasure.begun").earliest("seq")

    Tombstone.objects.filter(entry=begun).first().delete()

    found = ledger.verify()
    assert (found.broken_seq, found.problem) == (
        begun.seq,
        "a key that this entry destroyed has no tombstone",
    )


def test_tombstones_of_a_sweep_are_missed(account):
    vault.create_keys(kind=DataKey.Kind.CHAT, account_id=account.pk, count=2)
    sweep_keys(now=timezone.now() + timedelta(hours=2))
    assert finding() == (True, None)

    Tombstone.objects.first().delete()

    assert finding() == (False, LedgerEntry.objects.get(action="keys.swept").seq)


def test_erasure_under_way_has_no_tombstones_yet(account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    begun = ledger.append("erasure.begun", keys=[key.hex])
    erasure = Erasure.objects.create(begun=begun)

    assert finding() == (True, None)

    erasure.delete()
    assert finding() == (False, begun.seq)


def test_erasure_that_is_made_to_look_unfinished_is_named(account, long_ago):
    chat = factories.chat(account, closed_at=long_ago)
    erase_units(Conversation, [chat.pk], account_id=account.pk, reason="retention")
    Tombstone.objects.all().delete()
    erasure = Erasure.objects.earliest("begun")
    done, erasure.done = erasure.done_id, None
    erasure.save()

    assert not finding()[0]
    Erasure.objects.exclude(pk=erasure.pk).update(done=None)
    assert finding() == (False, done)


def test_erasure_may_name_what_another_one_buried(account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    first, second = (ledger.append("erasure.begun", keys=[key.hex]) for _ in range(2))

    for entry in (second, first):
        vault.destroy_keys([key], entry=entry)

    assert finding() == (True, None)


def test_verifying_asks_no_query_for_each_entry(account, long_ago):
    def queries() -> int:
        with CaptureQueriesContext(connections["vault"]) as captured:
            assert ledger.verify().ok
        return len(captured)

    chats = [factories.chat(account, closed_at=long_ago) for _ in range(12)]
    erase_units(Conversation, [chats[0].pk], account_id=account.pk, reason="retention")
    few = queries()
    for chat in chats[1:]:
        erase_units(Conversation, [chat.pk], account_id=account.pk, reason="retention")

    assert queries() == few


def test_tombstone_without_an_erasure_is_named(entries, account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    DataKey.objects.filter(pk=key).delete()
    Tombstone.objects.create(key_id=key, entry=entries[1])

    assert finding() == (False, 2)


def test_tombstone_that_its_erasure_does_not_name_is_named(entries, account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    entry = ledger.append("erasure.begun", keys=[uuid4().hex])

    vault.destroy_keys([key], entry=entry)

    assert finding() == (False, entry.seq)


def test_key_that_came_back_is_named(entries, account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    kept = DataKey.objects.get(pk=key)
    entry = ledger.append("erasure.begun", keys=[key.hex])
    vault.destroy_keys([key], entry=entry)
    assert finding() == (True, None)

    kept.save(force_insert=True)

    assert finding() == (False, entry.seq)


# --- What goes in


@pytest.mark.parametrize(
    "value",
    [
        "Vera Visitor",
        "vera@mail.example",
        "line\nbreak",
        "é",
        "x" * 129,
        1.5,
        b"x",
        {"a": 1},
        {1},
        ["Vera V"],
    ],
)
def test_free_text_is_refused_by_record_and_append(value):
    for write in (ledger.append, ledger.record):
        with pytest.raises(ValueError, match="takes"):
            write("policy.changed", what=value)

    assert LedgerEntry.objects.count() == OutboxLine.objects.count() == 0


def test_name_of_a_param_can_not_smuggle_text():
    with pytest.raises(ValueError, match="no free text"):
        ledger.append("policy.changed", **{"Vera Visitor": 1})


def test_refusal_does_not_quote_what_it_refused():
    with pytest.raises(ValueError, match="what") as error:
        ledger.append("policy.changed", what="Vera Visitor")

    assert "Vera" not in str(error.value)


def test_reference_dies_with_the_key(visitor):
    before = ledger.reference(visitor)
    again = ledger.reference(Contact.objects.get(pk=visitor.pk))
    entry = ledger.append("erasure.begun", keys=[visitor.key_id.hex])
    vault.destroy_keys([visitor.key_id], entry=entry)

    after = ledger.reference(Contact.objects.get(pk=visitor.pk))

    assert before == again
    assert (len(before), after) == (32, "")
    assert ledger.reference(None) == ""


def test_references_of_two_people_differ(account):
    assert ledger.reference(factories.contact(account)) != ledger.reference(factories.contact(account))


# --- Outbox


def test_evidence_is_kept_exactly_if_the_change_is(account):
    with transaction.atomic():
        ledger.record("policy.changed", account_id=account.pk)
        transaction.set_rollback(True)
    assert (LedgerEntry.objects.count(), OutboxLine.objects.count()) == (0, 0)

    with transaction.atomic():
        ledger.record("policy.changed", account_id=account.pk, number=1)
        ledger.record("policy.changed", account_id=account.pk, number=2)
        assert LedgerEntry.objects.count() == 0  # not before the commit

    assert [entry.params["number"] for entry in LedgerEntry.objects.all()] == [1, 2]
    assert OutboxLine.objects.count() == 0
    assert LedgerHead.objects.get().seq == 2
    assert finding() == (True, None)


def test_vault_that_is_away_loses_no_evidence(account):
    with connections["vault"].execute_wrapper(_away), transaction.atomic():
        ledger.record("policy.changed", account_id=account.pk)
    assert (LedgerEntry.objects.count(), OutboxLine.objects.count()) == (0, 1)

    assert drain_outbox() == 1

    assert LedgerEntry.objects.get().action == "policy.changed"


def test_crash_between_ledger_and_outbox_chains_nothing_twice(account):
    def crash_on_delete(execute, sql, params, many, context):
        if sql.startswith("DELETE"):
            raise DatabaseError("the process was killed here")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(crash_on_delete), transaction.atomic():
        ledger.record("policy.changed", account_id=account.pk)
    assert (LedgerEntry.objects.count(), OutboxLine.objects.count()) == (1, 1)

    drain_outbox()
    drain_outbox()

    assert (LedgerEntry.objects.count(), OutboxLine.objects.count()) == (1, 0)
    assert finding() == (True, None)


def _away(execute, sql, params, many, context):
    raise DatabaseError("the vault is away")


# --- Mirror


def test_torn_last_line_of_the_mirror_is_written_again(entries):
    whole = mirror.path().read_bytes()
    mirror.path().write_bytes(whole[:-40])

    ledger.append("policy.changed", number=6)

    assert mirror.path().read_bytes().startswith(whole)
    assert finding() == (True, None)


def test_lost_mirror_is_written_again(entries):
    mirror.path().unlink()

    ledger.append("policy.changed", number=6)

    assert numbers() == [1, 2, 3, 4, 5, 6]


def test_mirror_lost_with_old_entries_is_written_again_and_the_ledger_says_so(entries):
    mirror.path().unlink()

    with freeze_time(timezone.now() + timedelta(minutes=2)):
        ledger.append("policy.changed", number=6)

    assert numbers() == [1, 2, 3, 4, 5, 6, 7]
    assert ledger.last_entry().action == "mirror.mended"
    assert finding() == (True, None)


def test_what_a_crash_left_out_of_the_mirror_is_mended_and_the_ledger_says_so(entries):
    text = mirror.path().read_text()
    mirror.path().write_text("".join(text.splitlines(keepends=True)[:4]))
    assert finding() == (False, 5)

    ledger.mend_mirror()
    ledger.mend_mirror()

    assert numbers() == [1, 2, 3, 4, 5, 6]
    assert ledger.last_entry().action == "mirror.mended"
    assert finding() == (True, None)


@pytest.mark.parametrize("left", [None, "nonsense\n"])
def test_mirror_that_is_gone_or_broken_stays_a_finding(entries, left):
    mirror.path().unlink()
    if left:
        mirror.path().write_text(left)

    ledger.mend_mirror()

    assert not finding()[0]


def test_entries_of_an_open_transaction_reach_the_mirror_after_its_commit():
    with transaction.atomic(using="vault"):
        ledger.append("policy.changed", number=1)
        assert numbers() == []

    assert numbers() == [1]


def test_mirror_that_can_not_be_written_stops_nobody(settings, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    settings.LETHE_LEDGER_DIR = blocked

    ledger.append("policy.changed", number=1)

    assert LedgerEntry.objects.count() == 1
    assert finding() == (False, 1)


# --- Many writers


def test_concurrent_writers_make_one_chain():
    vault.standing_key(kind=DataKey.Kind.SIGNING, account_id=None)
    failures = []

    def write(writer: int) -> None:
        try:
            for number in range(8):
                with transaction.atomic():
                    ledger.record("policy.changed", writer=writer, number=number)
                ledger.append("policy.seen", writer=writer, number=number)
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain_outbox()

    assert failures == []
    assert LedgerEntry.objects.count() == 64
    assert finding() == (True, None)
    assert numbers() == list(range(1, 65))
    assert LedgerHead.objects.get().seq == 64


def test_verifying_while_others_write_raises_no_alarm(account, monkeypatch):
    monkeypatch.setattr(mirror, "LAG_SECONDS", 5)
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                ledger.append("policy.seen")
                key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
                _finish(_begin(root_of(Conversation), {key}, [], 1, account.pk, "retention"), [key])
                drain_outbox()
        finally:
            connections.close_all()

    ledger.append("policy.seen")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        watch = ledger.Watch()
        found = [look() for look in [ledger.verify, watch.finding] * 10]
    finally:
        stop.set()
        writer.join()

    assert [each.problem for each in found] == [""] * 20


# --- Those who ask all day long


def test_watch_walks_only_what_is_new(entries):
    watch = ledger.Watch()
    assert watch.finding() == ledger.verify()
    with CaptureQueriesContext(connections["vault"]) as captured:
        entry = ledger.append("policy.changed", number=6)
        found = watch.finding()

    assert found == ledger.Finding(entries=6, head=entry.hash)
    assert any("> 5" in query["sql"] for query in captured)


def test_watch_finds_what_is_wrong_with_the_new_part(entries):
    watch = ledger.Watch()
    watch.finding()
    ledger.append("policy.changed", number=6)
    LedgerEntry.objects.filter(seq=6).update(account_id=8)

    assert watch.finding() == ledger.verify()
    assert watch.finding().broken_seq == 6


def test_watch_remembers_what_was_cut_with_every_witness(entries):
    watch = ledger.Watch()
    watch.finding()
    LedgerEntry.objects.filter(seq__gte=4).delete()
    forget_witnesses()
    ledger.append("policy.changed", number=9)
    assert ledger.verify().ok

    assert watch.finding().broken_seq == 5


def test_watch_waits_for_the_end_of_an_erasure(entries, account):
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    begun = ledger.append("erasure.begun", keys=[key.hex])
    erasure = Erasure.objects.create(begun=begun)
    watch = ledger.Watch()
    assert watch.finding().ok

    erasure.done = ledger.append("erasure.done", begun=begun.seq)
    erasure.save()

    assert watch.finding().broken_seq == begun.seq


def test_watch_takes_a_mirror_that_was_written_again(entries):
    watch = ledger.Watch()
    watch.finding()
    text = mirror.path().read_text()
    mirror.path().write_text(text.replace(": ", ":  "))

    ledger.append("policy.changed", number=6)

    assert watch.finding().ok


# --- Command


def verify_ledger(*options: str) -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("verify_ledger", *options, stdout=output)
    except SystemExit as exit_:
        return int(exit_.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_command_says_that_the_ledger_is_whole(entries):
    code, output = verify_ledger("--json")

    assert code == 0
    assert json.loads(output) == {"ok": True, "entries": 5, "head": entries[-1].hash}


def test_command_fails_and_names_the_first_broken_entry(entries):
    LedgerEntry.objects.filter(seq=2).update(account_id=8)

    code, output = verify_ledger("--json")

    assert code == 1
    assert json.loads(output) == {
        "ok": False,
        "entries": 1,
        "head": entries[0].hash,
        "broken_entry": 2,
        "problem": "the entry was changed",
    }
    assert verify_ledger() == (1, "Entry 2: the entry was changed\n")
