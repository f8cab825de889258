"""The ledger has a term of its own: what is older goes, and the rest still proves that nothing else did."""

import json
import threading
import time
from datetime import UTC, datetime
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from freezegun import freeze_time

from chat.models import Conversation, Message
from privacy import ledger, tasks, vault
from privacy.ledger import mirror
from privacy.ledger.anchors import newest_anchor
from privacy.ledger.canonical import stamp
from privacy.ledger.chain import Event, append_events
from privacy.ledger.exporting import export_ledger
from privacy.ledger.heads import head_document, heads_folder
from privacy.ledger.pruning import NotWhole, prune_ledger
from privacy.ledger.publishing import publish_head
from privacy.ledger.signing import public_key_pem
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerHead, Tombstone
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.evidence.chain_state import ChainState
from privacy.services.restoring.replay import Gate, gate_state, replay_erasures
from tests import factories
from tests.privacy.backups import Backup
from tests.privacy.failing import dying_at
from tests.privacy.ledgers import finding, numbers, rebuild
from tests.privacy.outside import Auditor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

OLD = datetime(2014, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with freeze_time(OLD) as moved:
        yield moved


def chain(number: int) -> list[LedgerEntry]:
    made = [ledger.append("policy.changed", account_id=7, number=each) for each in range(number)]
    ledger.drain_outbox()
    return made


@pytest.fixture
def aged(clock):
    """Four entries whose term is over, and three that are young."""
    entries = chain(4)
    clock.move_to(NOW)
    return entries + chain(3)


def erase(chat: Conversation) -> None:
    erase_units(Conversation, [chat.pk], account_id=chat.account_id, reason="closed")


def in_database() -> list[int]:
    return list(LedgerEntry.objects.order_by("seq").values_list("seq", flat=True))


# --- What goes


def test_old_entries_go_from_the_database_and_the_mirror(aged):
    assert prune_ledger() == 4

    assert in_database() == numbers() == [5, 6, 7, 8]
    said = ledger.last_entry()
    assert said.action == "ledger.pruned"
    assert said.params == {"seq": 4, "hash": aged[3].hash, "until": "2016-05-01T12:00:00.000000Z"}
    assert ledger.verify() == ledger.Finding(entries=4, head=said.hash)


def test_second_run_cuts_nothing(aged):
    prune_ledger()

    assert prune_ledger() == 0
    assert in_database() == [5, 6, 7, 8]


def test_next_cut_moves_the_anchor(aged, clock):
    prune_ledger()
    clock.move_to(NOW.replace(year=2037))
    chain(1)

    assert prune_ledger() == 4

    assert in_database() == numbers() == [9, 10]
    assert newest_anchor().seq == 8
    assert finding() == (True, None)


def test_term_is_a_setting(aged, clock, settings):
    settings.LETHE_LEDGER_YEARS = 13

    assert prune_ledger() == 0
    assert LedgerEntry.objects.filter(action="ledger.pruned").count() == 0


def test_timetable_cuts(aged, settings):
    assert settings.CELERY_BEAT_SCHEDULE["prune-ledger"]["task"] == tasks.prune_ledger.name

    tasks.prune_ledger()

    assert in_database() == [5, 6, 7, 8]


def test_empty_ledger_has_nothing_to_cut():
    assert prune_ledger() == 0


def test_ledger_that_is_old_as_a_whole_keeps_the_entry_that_says_so(clock):
    chain(3)
    clock.move_to(NOW)

    prune_ledger()

    assert in_database() == numbers() == [4]
    assert finding() == (True, None)
    assert ledger.append("policy.changed").seq == 5


def test_more_than_a_batch_goes(clock, monkeypatch):
    monkeypatch.setattr("privacy.ledger.pruning.BATCH", 3)
    chain(10)
    clock.move_to(NOW)
    chain(1)

    assert prune_ledger() == 10
    assert in_database() == numbers() == [11, 12]


def test_lines_go_on_being_written_behind_the_cut(aged):
    prune_ledger()

    chain(2)

    assert numbers() == [5, 6, 7, 8, 9, 10]
    assert finding() == (True, None)


def test_mirror_is_written_again_from_the_anchor(aged):
    prune_ledger()
    mirror.path().unlink()

    chain(1)

    assert numbers()[:4] == [5, 6, 7, 8]
    assert finding() == (True, None)


def test_writer_that_waited_while_the_file_was_replaced_writes_into_the_new_one(aged):
    def write() -> None:
        try:
            mirror.catch_up()
        finally:
            connections.close_all()

    replacement = mirror.path().with_suffix(".new")
    replacement.write_text("".join(mirror.path().read_text().splitlines(keepends=True)[:5]))
    writer = threading.Thread(target=write)
    with mirror._held(mirror.path()):
        writer.start()
        time.sleep(0.3)  # long enough to open the file and to wait for it
        replacement.replace(mirror.path())
    writer.join()

    assert numbers() == [1, 2, 3, 4, 5, 6, 7]


# --- What stays


def test_erasures_and_tombstones_go_with_their_entries(account, clock):
    chat = factories.chat(account, closed_at=OLD)
    erase(chat)
    clock.move_to(NOW)
    young = factories.chat(account, closed_at=NOW)
    erase(young)
    buried = Tombstone.objects.count()

    prune_ledger()

    assert Erasure.objects.count() == 2  # of the young chat and its contact
    assert Tombstone.objects.count() == buried // 2
    assert Tombstone.objects.filter(key_id=young.key_id).exists()
    assert finding() == (True, None)


def test_erasure_that_is_not_done_holds_back_the_cut(account, clock):
    chain(2)
    chat = factories.chat(account, closed_at=OLD)
    with dying_at("vault", 'INTO "privacy_tombstone"'):
        erase(chat)
    begun = Erasure.objects.earliest("begun").begun_id  # the chat's; its contact goes with it
    chain(2)
    clock.move_to(NOW)
    chain(1)

    prune_ledger()

    assert in_database()[0] == begun
    assert finding() == (True, None)
    assert len(finish_open_erasures()) == 2
    assert prune_ledger() == 0  # they ended today
    assert finding() == (True, None)


def test_erasures_that_overlap_are_not_cut_apart(account, clock):
    chain(1)
    key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    first = ledger.append("erasure.begun", keys=[key.hex])
    erasure = Erasure.objects.create(begun=first)
    clock.move_to(NOW)
    second = ledger.append("erasure.begun", keys=[key.hex])
    vault.destroy_keys([key], entry=first)
    erasure.done = ledger.append("erasure.done", begun=first.seq)
    erasure.save()
    Erasure.objects.create(begun=second, done=ledger.append("erasure.done", begun=second.seq))
    ledger.drain_outbox()

    prune_ledger()

    assert in_database()[0] == first.seq
    assert finding() == (True, None)


def test_what_the_main_database_does_not_know_yet_stays(aged):
    LedgerHead.objects.update(seq=2, hash=aged[1].hash)

    prune_ledger()

    assert in_database()[0] == 3
    assert gate_state() is Gate.OPEN


# --- Crashes


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "privacy_ledgerentry"',
        'DELETE FROM "privacy_tombstone"',
        'DELETE FROM "privacy_erasure"',
        'DELETE FROM "privacy_ledgerentry"',
    ],
)
def test_cut_that_a_crash_interrupted_is_finished_by_the_next_run(aged, statement):
    with dying_at("vault", statement):
        prune_ledger()
    assert finding() == (True, None)

    prune_ledger()

    assert in_database() == numbers() == [5, 6, 7, 8]
    assert LedgerEntry.objects.filter(action="ledger.pruned").count() == 1
    assert finding() == (True, None)


def test_crash_between_two_batches_is_finished_by_the_next_run(aged, monkeypatch):
    monkeypatch.setattr("privacy.ledger.pruning.BATCH", 2)
    with dying_at("vault", 'DELETE FROM "privacy_ledgerentry"', 2):
        prune_ledger()
    assert in_database() == [3, 4, 5, 6, 7, 8]
    assert finding() == (True, None)

    assert prune_ledger() == 2

    assert in_database() == numbers() == [5, 6, 7, 8]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["_copy", "_end", "_sync_folder"])
def test_crash_while_the_mirror_is_cut_is_finished_by_the_next_run(aged, monkeypatch, step):
    def die(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mirror, "cut", die)
        with pytest.raises(Killed):
            prune_ledger()
    with monkeypatch.context() as patch:
        patch.setattr(mirror, step, die)
        with pytest.raises(Killed):
            mirror.cut(4)
    assert numbers() in ([1, 2, 3, 4, 5, 6, 7, 8], [5, 6, 7, 8])
    assert finding() == (True, None)

    prune_ledger()

    assert numbers() == [5, 6, 7, 8]
    assert finding() == (True, None)
    assert [path.name for path in mirror.path().parent.iterdir()] == ["ledger.jsonl"]


def test_lines_that_come_while_the_mirror_is_copied_are_not_lost(aged, monkeypatch):
    copied, copy = [], mirror._copy

    def copy_slowly(new, offset):
        done = copy(new, offset)
        if not copied:
            chain(2)
        copied.append(done)
        return done

    monkeypatch.setattr(mirror, "_copy", copy_slowly)
    prune_ledger()

    assert len(copied) == 2
    assert numbers() == [5, 6, 7, 8, 9, 10]
    assert finding() == (True, None)


# --- Nobody cuts under the name of the term


def test_cut_that_no_entry_tells_is_found(aged):
    LedgerEntry.objects.filter(seq__lte=4).delete()

    assert finding() == (False, 1)


def forged_anchor(anchored: LedgerEntry, *, at: datetime = NOW, until: datetime = OLD) -> LedgerEntry:
    """Chain and sign the entry of a cut, as whoever holds both databases and the ring can."""
    params = {"seq": anchored.seq, "hash": anchored.hash, "until": stamp(until)}
    return append_events([Event("ledger.pruned", None, params, uuid4(), at)])[0]


def cut_by_hand(seq: int) -> None:
    LedgerEntry.objects.filter(seq__lte=seq).delete()
    mirror.cut(seq)


def test_entry_of_a_cut_that_nobody_signed_is_found_and_cuts_nothing(aged):
    forged = forged_anchor(aged[5])
    LedgerEntry.objects.filter(seq=forged.seq).update(signature="00" * 64)

    assert prune_ledger() == 0

    assert in_database() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ledger.verify().problem == "the entry is not signed by us"


def test_anchor_that_names_another_entry_is_found(aged):
    aged[3].hash = "0" * 64
    forged_anchor(aged[3])
    cut_by_hand(4)

    assert ledger.verify().problem == "the entry does not follow the one before it"


@pytest.mark.parametrize("params", [{}, {"seq": 4}, {"seq": 99, "hash": "0" * 64, "until": stamp(OLD)}])
def test_cut_without_an_anchor_is_found(aged, params):
    append_events([Event("ledger.pruned", None, params, uuid4(), NOW)])

    assert ledger.verify().problem == "the entry names no anchor of the chain"


def test_cut_of_what_is_too_young_is_found(aged):
    forged_anchor(aged[5], until=NOW.replace(year=2024))
    cut_by_hand(6)

    assert ledger.verify().problem == "the entry cut the chain before its term"


def test_cut_that_is_dated_in_the_future_is_found(aged):
    forged_anchor(aged[5], at=NOW.replace(year=2040), until=NOW)
    cut_by_hand(6)

    assert ledger.verify().problem == "the entry that cut the chain is dated in the future"


def test_signed_lie_about_the_age_of_what_was_cut_is_found_by_a_head(aged):
    head = publish_head().head
    forged_anchor(LedgerEntry.objects.get(seq=head["seq"]))
    cut_by_hand(head["seq"])

    assert ledger.verify().problem == "an entry that a published head names was cut before its term"


def test_part_that_is_not_whole_is_not_cut(aged):
    LedgerEntry.objects.filter(seq=2).update(params={"number": 99})

    with pytest.raises(NotWhole, match="Entry 2: the entry was changed"):
        prune_ledger()

    assert in_database() == [1, 2, 3, 4, 5, 6, 7]
    assert numbers() == [1, 2, 3, 4, 5, 6, 7]


def test_rebuilt_part_is_not_cut_where_a_head_tells(clock):
    chain(2)
    publish_head()
    clock.move_to(NOW)
    chain(1)
    LedgerEntry.objects.filter(seq=1).update(params={"number": 99})
    rebuild()

    with pytest.raises(NotWhole, match="Entry 3: a published head names another entry here"):
        prune_ledger()


# --- Heads, watch and export beside a cut


@pytest.fixture
def pruned(clock):
    """A chain whose anchor is a published head, with a head from before and one from after."""
    chain(2)
    publish_head()
    chain(1)
    publish_head()  # at entry 5
    clock.move_to(NOW)
    chain(1)
    publish_head()
    prune_ledger()


def test_heads_from_before_the_anchor_are_no_finding(pruned):
    assert len(list(heads_folder().iterdir())) == 3
    assert newest_anchor().seq == 5
    assert finding() == (True, None)


def test_rebuilt_anchor_is_found_by_the_head_that_was_published_there(pruned):
    said = LedgerEntry.objects.get(action="ledger.pruned")
    LedgerEntry.objects.filter(pk=said.pk).update(params=said.params | {"hash": "0" * 64})
    rebuild()
    for path in sorted(heads_folder().iterdir())[2:]:
        path.unlink()

    assert ledger.verify().problem == "a published head names another entry than the anchor"


def test_head_counts_its_entries_from_the_anchor(pruned):
    assert (head_document()["seq"], head_document()["entries"]) == (8, 3)


def test_watch_takes_a_cut(aged, clock):
    watch, state = ledger.Watch(), ChainState()
    assert watch.finding().ok
    assert state.look().ok

    prune_ledger()

    assert watch.finding() == ledger.verify()
    clock.tick(120)
    assert state.known().finding == ledger.verify()
    assert state.known().unseen == 0
    chain(1)
    assert watch.finding().entries == 5


def test_cut_during_a_walk_raises_no_alarm(aged, monkeypatch):
    reaches, cut = mirror.reaches, []

    def cut_first(seq: int) -> bool:
        if not cut:
            cut.append(seq)
            prune_ledger()
        return reaches(seq)

    monkeypatch.setattr(mirror, "reaches", cut_first)

    assert ledger.verify() == ledger.Finding(entries=4, head=ledger.last_entry().hash)
    assert in_database() == [5, 6, 7, 8]


def test_watch_that_stood_before_the_anchor_begins_anew(clock):
    chain(2)
    watch = ledger.Watch()
    assert watch.finding().entries == 2
    chain(2)
    clock.move_to(NOW)
    chain(1)
    prune_ledger()

    assert watch.finding() == ledger.verify()
    assert watch.finding().entries == 2


def test_export_begins_behind_the_anchor_and_is_verified(pruned, tmp_path):
    auditor = Auditor(tmp_path, public_key_pem())
    export_ledger(tmp_path / "ledger.json")
    document = json.loads((tmp_path / "ledger.json").read_text())
    heads = tuple(json.loads(path.read_text()) for path in sorted(heads_folder().iterdir()))

    assert auditor.verify(document, heads=heads) == (
        0,
        "OK: ledger 9, 4 entries from 6 to 9; 2 of 3 given heads name one of them.",
    )


def test_export_with_an_anchor_for_another_entry_is_told(pruned, tmp_path):
    auditor = Auditor(tmp_path, public_key_pem())
    said = LedgerEntry.objects.get(action="ledger.pruned")
    first = LedgerEntry.objects.get(seq=6)
    rebuild()
    LedgerEntry.objects.filter(pk=first.pk).update(prev_hash=first.prev_hash)
    forged_anchor(LedgerEntry(seq=5, hash="0" * 64))
    export_ledger(tmp_path / "ledger.json", since=said.params["seq"])
    document = json.loads((tmp_path / "ledger.json").read_text())

    assert auditor.verify(document) == (1, "WRONG: the anchor of the chain is another entry 5.")


def test_auditor_with_a_head_from_behind_a_forged_anchor_is_not_told_that_all_is_well(aged, tmp_path):
    kept = head_document(aged[4])
    forged_anchor(aged[6])
    cut_by_hand(7)
    export_ledger(tmp_path / "ledger.json")
    document = json.loads((tmp_path / "ledger.json").read_text())

    assert document["entries"][0]["seq"] == 8
    assert Auditor(tmp_path, public_key_pem()).verify(document, heads=(kept,)) == (
        1,
        "WRONG: the head head0.json names an entry that was cut before its term.",
    )


@pytest.mark.parametrize(
    ("at", "until", "line"),
    [
        (NOW, NOW, "entry 8 cut the chain before its term"),
        (NOW, NOW.replace(year=2023, day=2), "entry 8 cut the chain before its term"),
        (datetime(2099, 1, 1, tzinfo=UTC), NOW, "entry 8 is dated in the future"),
    ],
)
def test_auditor_is_told_of_a_cut_that_came_too_early(aged, tmp_path, at, until, line):
    forged_anchor(aged[6], at=at, until=until)
    cut_by_hand(7)
    export_ledger(tmp_path / "ledger.json")
    document = json.loads((tmp_path / "ledger.json").read_text())

    assert Auditor(tmp_path, public_key_pem()).verify(document) == (1, f"WRONG: {line}.")


def test_auditor_whose_heads_are_all_older_than_the_term_is_not_alarmed(pruned, tmp_path):
    export_ledger(tmp_path / "ledger.json")
    document = json.loads((tmp_path / "ledger.json").read_text())
    oldest = json.loads(min(heads_folder().iterdir()).read_text())

    assert Auditor(tmp_path, public_key_pem()).verify(document, heads=(oldest,)) == (
        0,
        "OK: ledger 9, 4 entries from 6 to 9; 0 of 1 given heads name one of them.",
    )


# --- The gate


def test_erasures_are_replayed_behind_a_cut(aged, account, tmp_path):
    chat = factories.chat(account)
    copy = Backup("default", tmp_path)
    erase(chat)
    prune_ledger()

    copy.put_back()

    assert gate_state() is Gate.STALE_MAIN
    replay_erasures()
    assert (Conversation.objects.count(), gate_state()) == (0, Gate.OPEN)
    assert finding() == (True, None)


def test_copy_from_before_the_anchor_serves_nothing_and_is_not_replayed(account, clock, tmp_path):
    chat = factories.chat(account)
    chain(1)
    copy = Backup("default", tmp_path)
    erase(chat)
    clock.move_to(NOW)
    chain(1)
    prune_ledger()

    copy.put_back()

    assert Message.objects.count() == 1
    assert gate_state() is Gate.TOO_OLD_MAIN
    response = Client().get("/sign-in/")
    assert response.status_code == 503
    assert "a backup so old that nobody knows" in response.content.decode()
    with pytest.raises(CommandError, match="restore a newer backup"):
        call_command("replay_erasures", stdout=StringIO())
    assert finding() == (True, None)  # it is the copy that is too old, not the ledger that is broken
    tasks.prune_ledger()
    purge()
    assert gate_state() is Gate.TOO_OLD_MAIN


def test_copy_that_knows_the_anchor_and_nothing_later_is_served(aged):
    prune_ledger()
    LedgerHead.objects.update(seq=4, hash=aged[3].hash)

    assert gate_state() is Gate.OPEN
    assert finding() == (True, None)


def test_copy_that_remembers_another_anchor_is_refused(aged):
    prune_ledger()
    LedgerHead.objects.update(seq=4, hash="0" * 64)

    assert gate_state() is Gate.STALE_VAULT
    assert finding()[0] is False
