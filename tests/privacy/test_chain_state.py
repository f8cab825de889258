"""Pages say what is known of the chain, and no page waits for a walk through all of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from config import health
from privacy import ledger, tasks
from privacy.ledger.verifying import Finding, Walk
from privacy.models import DataKey, LedgerEntry
from privacy.services.evidence import chain_state as states
from privacy.services.evidence.chain_state import ChainState

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


@pytest.fixture
def walked(monkeypatch) -> list[int]:
    """Return after which entry each walk began."""
    begun: list[int] = []
    finding = Walk.finding

    def noted(walk: Walk):
        begun.append(walk.seq)
        return finding(walk)

    monkeypatch.setattr(Walk, "finding", noted)
    return begun


def test_short_ledger_is_verified_by_the_page_itself(entries):
    known = ChainState().known()

    assert (known.finding.ok, known.finding.entries, known.unseen) == (True, 5, 0)
    assert known.at is not None


def test_page_walks_only_what_is_new_and_nothing_twice(entries, walked):
    state = ChainState()
    state.known()
    state.known()
    ledger.append("policy.changed", account_id=7, number=6)

    assert state.known().finding.entries == 6
    assert walked == [0, 5]


def test_what_is_known_is_looked_at_again_after_a_minute(entries, monkeypatch):
    state = ChainState()
    state.known()
    LedgerEntry.objects.filter(seq=5).update(hash="0" * 64)
    assert state.known().finding.ok

    monkeypatch.setattr(states, "FRESH", timedelta())

    assert state.known().finding.problem == "the entry is not the one that stood here before"


def test_long_ledger_waits_for_the_look_of_readiness(entries, walked, monkeypatch):
    monkeypatch.setattr(states, "SHORT_TAIL", 4)
    state = ChainState()

    before = state.known()
    found = state.look()

    assert (before.finding, before.at, before.unseen) == (None, None, 5)
    assert state.known().finding == found
    assert walked == [0]


def test_break_is_told_until_a_walk_through_everything_finds_none(entries, walked):
    state = ChainState()
    state.look()
    signature = LedgerEntry.objects.get(seq=2).signature
    LedgerEntry.objects.filter(seq=2).update(signature="00")
    assert state.verify().broken_seq == 2

    polled = [state.look().broken_seq for _poll in range(2)]
    shown = [state.known().finding.broken_seq for _page in range(2)]

    assert (polled, shown) == ([2, 2], [2, 2])
    LedgerEntry.objects.filter(seq=2).update(signature=signature)
    assert state.known().finding.broken_seq == 2
    assert state.verify().ok
    assert state.known().finding.ok


def test_break_is_told_by_every_process(entries):
    finder, other = ChainState(), ChainState()
    assert other.look().ok
    LedgerEntry.objects.filter(seq=2).update(signature="00")

    finder.verify()

    assert other.known().finding == Finding(5, entries[-1].hash, 2, "the entry is not signed by us")
    assert other.look().broken_seq == 2


def test_break_that_another_process_found_healed_is_told_no_more(entries):
    state = ChainState()
    signature = LedgerEntry.objects.get(seq=2).signature
    LedgerEntry.objects.filter(seq=2).update(signature="00")
    state.look()
    LedgerEntry.objects.filter(seq=2).update(signature=signature)

    ChainState().verify()

    assert state.known().finding.ok


def test_readiness_fails_while_a_break_is_known(entries, client, monkeypatch):
    monkeypatch.setattr(health, "chain_state", ChainState())
    assert health.chain_state.look().ok
    LedgerEntry.objects.filter(seq=2).update(signature="00")
    ChainState().verify()

    def polled() -> str:
        monkeypatch.setitem(health.PARTS, "ledger", health.seldom(health._ledger, seconds=60))
        return client.get("/readyz").json()["parts"]["ledger"]

    assert [polled(), polled()] == ["the entry is not signed by us"] * 2


def test_break_that_is_found_during_a_walk_is_not_healed_by_its_end(entries, monkeypatch):
    finding = Walk.finding

    def broken_behind_it(walk: Walk):
        found = finding(walk)
        monkeypatch.setattr(Walk, "finding", finding)
        LedgerEntry.objects.filter(seq=2).update(signature="00")
        ChainState().verify()
        return found

    monkeypatch.setattr(Walk, "finding", broken_behind_it)
    state = ChainState()

    assert state.verify().ok
    assert state.known().finding.broken_seq == 2


def test_page_says_what_was_walked_and_when_apart_from_what_was_added(entries):
    state = ChainState()
    with freeze_time(timezone.now() + timedelta(minutes=1)) as clock:
        state.look()
        walked_at = timezone.now()
        clock.tick(300)
        ledger.append("policy.changed", account_id=7, number=6)

        known = state.known()

        assert (known.walked, known.walked_at) == (5, walked_at)
        assert (known.finding.entries, known.at) == (6, timezone.now())


def test_process_that_has_just_started_knows_the_walk_of_another(entries, monkeypatch, walked):
    ChainState().verify()
    monkeypatch.setattr(states, "SHORT_TAIL", 4)

    known = ChainState().known()

    assert (known.finding.ok, known.walked) == (True, 5)
    assert walked == [0]


def test_timetable_walks_through_everything_each_day(entries, settings):
    schedule = settings.CELERY_BEAT_SCHEDULE["walk-ledger"]
    assert schedule["task"] == tasks.walk_ledger.name
    assert schedule["schedule"].is_due(timezone.now() - timedelta(days=1)).is_due
    LedgerEntry.objects.filter(seq=2).update(signature="00")

    tasks.walk_ledger()

    assert ChainState().known().finding.broken_seq == 2


def test_page_does_not_wait_for_somebody_else_who_looks(entries, walked):
    state = ChainState()

    with state._looking:
        known = state.known()

    assert (known.finding, known.unseen, walked) == (None, 5, [])


def test_page_of_an_empty_ledger_makes_no_key():
    known = ChainState().known()

    assert (known.finding, known.unseen) == (None, 0)
    assert not DataKey.objects.exists()
