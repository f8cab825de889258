"""Pages say what is known of the chain, and no page waits for a walk through all of it."""

from datetime import timedelta

import pytest

from privacy import ledger
from privacy.ledger.verifying import Walk
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


def test_break_is_told_until_somebody_verifies_anew(entries, walked):
    signature = LedgerEntry.objects.get(seq=2).signature
    LedgerEntry.objects.filter(seq=2).update(signature="00")
    state = ChainState()
    told = [state.known().finding.broken_seq, state.known().finding.broken_seq]
    LedgerEntry.objects.filter(seq=2).update(signature=signature)

    assert told == [2, 2]
    assert state.known().finding.broken_seq == 2
    assert state.verify().ok
    assert state.known().finding.ok
    assert walked == [0, 0]


def test_page_does_not_wait_for_somebody_else_who_looks(entries, walked):
    state = ChainState()

    with state._looking:
        known = state.known()

    assert (known.finding, known.unseen, walked) == (None, 5, [])


def test_page_of_an_empty_ledger_makes_no_key():
    known = ChainState().known()

    assert (known.finding, known.unseen) == (None, 0)
    assert not DataKey.objects.exists()
