"""What knows the ledger from outside: tombstones, mirror, and the process that asks all day long."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation
from privacy import ledger, vault
from privacy.ledger import mirror
from privacy.models import DataKey, Erasure, LedgerEntry, Tombstone
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.sweep import sweep_keys
from tests import factories
from tests.privacy.ledgers import finding, forget_witnesses, numbers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

# --- Tombstones and erasures


def begun(keys) -> LedgerEntry:
    """Begin an erasure of these keys."""
    entry = ledger.append("erasure.begun", keys=[key.hex for key in keys])
    Erasure.objects.create(begun=entry)
    return entry


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


def test_erasure_whose_row_was_deleted_is_named(account, long_ago):
    chats = [factories.chat(account, closed_at=long_ago) for _ in range(2)]
    for chat in chats:
        erase_units(Conversation, [chat.pk], account_id=account.pk, reason="retention")
    second = Erasure.objects.order_by("begun")[1].begun_id
    assert finding() == (True, None)

    Erasure.objects.filter(begun=second).delete()

    found = ledger.verify()
    assert found.broken_seq == second
    assert found.problem == "the erasure that this entry began is not on record any more"


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
    first, second = (begun([key]) for _ in range(2))

    for entry in (second, first):
        vault.destroy_keys([key], entry=entry)
        Erasure.objects.filter(begun=entry).update(done=ledger.append("erasure.done", begun=entry.seq))

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
    entry = begun([key])
    vault.destroy_keys([key], entry=entry)
    Erasure.objects.update(done=ledger.append("erasure.done", begun=entry.seq))
    assert finding() == (True, None)

    kept.save(force_insert=True)

    assert finding() == (False, entry.seq)


# --- Mirror


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
