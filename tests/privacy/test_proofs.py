"""Prove that something was erased: by number or by id, against both databases as they are at this moment."""

from uuid import uuid4

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from privacy import ledger
from privacy.encryption.rows import uuid7
from privacy.models import DataKey, Erasure, LedgerEntry, Tombstone
from privacy.services.evidence import erased, proofs
from privacy.services.evidence.erased import BeyondReach, NotErased, NothingErased, erasure_of
from privacy.services.evidence.proofs import Found, prove, stand_in_chain
from tests import factories
from tests.privacy.runs import erased_chats, run_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


def everything():
    return LedgerEntry.objects.all()


def erased_unit(account, *ids, **params) -> LedgerEntry:
    """Write the entries of an erasure that names its units by their marks."""
    said = {"unit": "chat.conversation", "reason": "retention", "units": len(ids), "files": 0, "keys": []}
    marks = [ledger.mark(pk) for pk in ids]
    begun = ledger.append("erasure.begun", account_id=account.pk, **{"marks": marks} | said | params)
    done = ledger.append("erasure.done", account_id=account.pk, begun=begun.seq, rows=1, survivors=0)
    Erasure.objects.create(account_id=account.pk, begun=begun, done=done)
    return begun


# --- By number


def test_erasure_is_proven_by_the_number_of_either_of_its_entries(account):
    begun, _chat = erased_chats(account, 2)
    done = Erasure.objects.get(begun=begun).done

    proven = [prove(number, among=everything()) for number in (begun.seq, done.seq)]

    assert [(each.entry, each.done) for each in proven] == [(begun, done)] * 2
    assert [each.found for each in proven] == [Found(keys=2)] * 2
    assert [each.holds for each in proven] == [True, True]


def test_run_is_proven_with_all_its_erasures(account):
    run = run_of(account, chats=2, erasures=2)

    proven = prove(run.seq, among=everything())

    assert (proven.entry, proven.is_run, proven.erasures, proven.checked) == (run, True, 4, 4)
    assert proven.found == Found(keys=8)
    assert proven.holds


def test_long_run_is_checked_as_far_as_it_says(account, monkeypatch):
    run = run_of(account, chats=1, erasures=3)
    monkeypatch.setattr(proofs, "CHECKED", 4)
    monkeypatch.setattr(proofs, "PAGE", 2)

    proven = prove(run.seq, among=everything())

    assert (proven.erasures, proven.checked, proven.found.keys) == (6, 4, 4)


def test_key_that_came_back_is_found(account):
    begun, _chat = erased_chats(account, 2)
    key = begun.params["keys"][0]
    DataKey.objects.create(id=key, kind=DataKey.Kind.CHAT, account_id=account.pk, wrapped="x", ring_key="x")

    proven = prove(begun.seq, among=everything())

    assert proven.found == Found(keys=2, keys_left=1)
    assert not proven.holds


def test_key_without_its_tombstone_is_found(account):
    begun, _chat = erased_chats(account, 2)
    Tombstone.objects.filter(key_id=begun.params["keys"][0]).delete()

    proven = prove(begun.seq, among=everything())

    assert proven.found == Found(keys=2, unburied=1)
    assert not proven.holds


def test_row_of_an_old_copy_is_found(account):
    run = run_of(account, chats=1)
    begun = LedgerEntry.objects.get(seq=run.params["first"])
    restored = factories.chat(account)
    QuerySet(type(restored)).filter(pk=restored.pk).update(key_id=begun.params["keys"][0])

    of_erasure, of_run = (prove(number, among=everything()) for number in (begun.seq, run.seq))

    assert (of_erasure.found.rows_left, of_run.found.rows_left) == (1, 1)
    assert (of_erasure.holds, of_run.holds) == (False, False)


def test_erasure_that_only_began_is_not_proven(account):
    begun, _chat = erased_chats(account)
    Erasure.objects.filter(begun=begun).update(done=None)

    proven = prove(begun.seq, among=everything())

    assert (proven.done, proven.is_done, proven.holds) == (None, False, False)


@pytest.mark.parametrize(
    "changed", [{"params": {}}, {"account_id": 7}, {"hash": "0" * 64}, {"signature": "00"}]
)
def test_changed_entry_does_not_stand_in_the_chain(account, changed):
    entries = [ledger.append("policy.changed", account_id=account.pk, number=n) for n in range(3)]

    LedgerEntry.objects.filter(seq=entries[1].seq).update(**changed)

    assert not stand_in_chain([LedgerEntry.objects.get(seq=entries[1].seq)])


@pytest.mark.parametrize("neighbour", [1, 3])
def test_entry_without_its_neighbour_does_not_stand_in_the_chain(account, neighbour):
    for number in range(4):
        ledger.append("policy.changed", account_id=account.pk, number=number)
    entry = LedgerEntry.objects.get(seq=2)
    assert stand_in_chain([entry])

    LedgerEntry.objects.filter(seq=neighbour).update(seq=neighbour + 90)

    assert not stand_in_chain([entry])


def test_both_ends_of_the_ledger_stand_in_the_chain(account):
    entries = [ledger.append("policy.changed", account_id=account.pk, number=n) for n in range(3)]

    assert stand_in_chain([LedgerEntry.objects.get(seq=entries[0].seq)])
    assert stand_in_chain([LedgerEntry.objects.get(seq=entries[2].seq)])


def test_number_that_erased_nothing_proves_nothing(account, other_account):
    run = run_of(account)
    other = ledger.append("policy.changed", account_id=account.pk)
    theirs = LedgerEntry.objects.filter(account_id=other_account.pk)

    for number, among in ((other.seq, everything()), (2**80, everything()), (run.seq, theirs)):
        with pytest.raises(NothingErased):
            prove(number, among=among)


# --- By id


def test_erasure_is_found_by_the_id_of_any_of_its_units(account):
    units = [uuid7() for _number in range(3)]
    erased_unit(account, uuid7())
    begun = erased_unit(account, *units)
    erased_unit(account, uuid7())

    found = [erasure_of(unit, among=everything()) for unit in units]

    assert found == [begun] * 3
    assert prove(units[1], among=everything()).entry == begun


def test_id_of_a_key_is_no_id_of_a_unit(account):
    key = uuid4()
    erased_unit(account, uuid7(), keys=[key, ledger.mark(key)])

    with pytest.raises(NothingErased):
        erasure_of(key, among=everything())


def test_chat_that_the_purge_erased_is_found_by_its_id(account):
    begun, chat = erased_chats(account, 2)

    assert erasure_of(chat, among=everything()) == begun


def test_what_is_still_here_was_not_erased(account, other_account):
    chat, theirs = factories.chat(account), factories.chat(other_account)
    for each in (account, other_account):
        ledger.append("account.opened", account_id=each.pk)

    with pytest.raises(NotErased):
        erasure_of(chat.pk, among=everything())
    with pytest.raises(NothingErased) as of_stranger:
        erasure_of(theirs.pk, among=LedgerEntry.objects.filter(account_id=account.pk))
    assert of_stranger.type is NothingErased  # no word about whether it exists


def test_what_others_erased_is_not_found(account, other_account):
    unit = uuid7()
    erased_unit(other_account, unit)

    with pytest.raises(NothingErased):
        erasure_of(unit, among=LedgerEntry.objects.filter(account_id=account.pk))


def test_id_is_looked_for_window_by_window_and_no_further_than_said(account, monkeypatch):
    monkeypatch.setattr(erased, "WINDOW", 4)
    monkeypatch.setattr(erased, "WINDOWS", 3)
    units = [uuid7() for _number in range(8)]
    begun = [erased_unit(account, unit) for unit in units]

    assert erasure_of(units[2], among=everything()) == begun[2]  # the oldest of the newest twelve entries
    with pytest.raises(BeyondReach):
        erasure_of(units[1], among=everything())


def test_nobody_looks_where_the_unit_did_not_exist_yet(account, monkeypatch):
    monkeypatch.setattr(erased, "WINDOW", 2)
    monkeypatch.setattr(erased, "WINDOWS", 2)
    for _number in range(9):
        ledger.append("policy.changed", account_id=account.pk)
    LedgerEntry.objects.update(at=timezone.now() - 2 * erased.LEEWAY)
    newest = ledger.append("policy.changed", account_id=account.pk)

    with pytest.raises(NothingErased) as young:
        erasure_of(uuid7(), among=everything())
    with pytest.raises(BeyondReach):
        erasure_of(uuid4(), among=everything())  # says nothing of its age
    assert (young.type, newest.seq) == (NothingErased, 10)
