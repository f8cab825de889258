"""A receipt a run and a certificate an erasure: counts and codes that verify with the public key alone."""

import hashlib
import json
import tracemalloc
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import connections, transaction

from privacy import ledger
from privacy.ledger.canonical import stamp
from privacy.models import Erasure, LedgerEntry
from privacy.routers import VAULT
from privacy.services.evidence import receipts
from privacy.services.evidence.receipts import (
    NoCertificate,
    NoReceipt,
    NotDoneYet,
    certificate,
    hand_over,
    receipt,
    runs,
)
from tests.privacy.runs import a_run, erased_chats, listed, purged, run_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


def everything():
    return LedgerEntry.objects.all()


def read(document) -> dict:
    return json.loads("".join(document.as_json()))


def broken_entries(document: dict, pem: str) -> list[int]:
    """Return which entries don't verify, asked of nothing but the document and the key."""
    key = load_pem_public_key(pem.encode())
    broken = []
    for entry in document["entries"]:
        content = {name: entry[name] for name in ("account", "action", "at", "params", "prev", "seq", "uid")}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        if hashlib.sha256(text.encode()).hexdigest() != entry["hash"]:
            broken.append(entry["seq"])
        key.verify(bytes.fromhex(entry["signature"]), entry["hash"].encode())
    return broken


def test_receipt_counts_by_category_and_names_policy_and_window(account):
    run = purged(account, chats=3)

    made = receipt(run.seq, among=everything())

    assert made.summary == {
        "account": account.pk,
        "policy_version": 0,
        "started_at": run.params["started"],
        "finished_at": run.params["finished"],
        "first": run.params["first"],
        "last": run.seq - 1,
        "counts": {"chat": 3, "contact": 3},
        "erasures": 2,  # the chats, and their people with nothing left
        "held": 0,
        "failed": 0,
        "archived": 0,
    }
    assert listed(run) == made.summary["counts"]


def test_receipt_lists_the_erasures_of_its_account_in_its_window_and_ends_with_the_run(
    account, other_account
):
    erased_chats(account)
    newest = ledger.last_entry().seq
    erased_chats(account)
    erased_chats(other_account)
    ledger.append("policy.changed", account_id=account.pk)
    erased_chats(account)
    run = a_run(account, first=newest + 1, last=ledger.last_entry().seq, erased_chat=2)
    erased_chats(account)

    listed = [entry["seq"] for entry in read(receipt(run.seq, among=everything()))["entries"]]

    mine = everything().filter(account_id=account.pk, seq__gt=newest, seq__lt=run.seq)
    expected = mine.filter(action__startswith="erasure.").order_by("seq").values_list("seq", flat=True)
    assert listed == [*expected, run.seq]
    assert len(listed) == 9  # four erasures, each with its beginning and its end, and the run


def test_run_that_erased_nothing_has_a_receipt(account):
    run = a_run(account, held=2)

    document = read(receipt(run.seq, among=everything()))

    assert [entry["seq"] for entry in document["entries"]] == [run.seq]
    assert (document["summary"]["counts"], document["summary"]["held"]) == ({}, 2)


def test_documents_verify_with_the_public_key_alone(account):
    run = run_of(account, erasures=2)

    papers = [receipt(run.seq, among=everything()), certificate(run.params["first"], among=everything())]

    for document in map(read, papers):
        assert broken_entries(document, document["public_key"]) == []
        assert document["head"]["hash"] == ledger.last_entry().hash
        document["entries"][0]["params"]["units"] = 7
        assert broken_entries(document, document["public_key"]) == [document["entries"][0]["seq"]]


def test_receipt_is_the_same_however_many_pages_its_entries_need(account, monkeypatch):
    run = run_of(account, erasures=3)
    whole = receipt(run.seq, among=everything())
    in_one = [entry.seq for entry in whole.entries]

    monkeypatch.setattr(receipts, "PAGE", 2)

    assert [entry.seq for entry in whole.entries] == in_one
    assert len(in_one) == 13


def most_memory_of(document) -> tuple[int, int]:
    """Return how long a document is and how many bytes were in use at most while it was written."""
    tracemalloc.start()
    written = sum(map(len, document.as_json()))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return written, most


def test_receipt_of_many_erasures_is_read_in_flat_memory(account, monkeypatch):
    monkeypatch.setattr(receipts, "PAGE", 5)
    said = {"unit": "chat.conversation", "reason": "retention", "units": 500, "files": 0}
    first = ledger.append("policy.changed").seq
    for _number in range(60):
        keys = [uuid4() for _key in range(500)]
        ledger.append("erasure.begun", account_id=account.pk, **said, keys=keys)
    short = a_run(account, first=first, last=first + 10)
    long = a_run(account, first=first, last=first + 60)

    few, many = (most_memory_of(receipt(run.seq, among=everything())) for run in (short, long))

    assert many[0] > 5 * few[0]
    assert many[1] < 1.2 * few[1]


def test_certificate_is_found_by_the_beginning_and_by_the_end(account):
    begun, _chat = erased_chats(account, 2, reason="by_hand")
    done = Erasure.objects.get(begun=begun).done

    made = [certificate(number, among=everything()) for number in (begun.seq, done.seq)]

    assert [each.number for each in made] == [begun.seq, begun.seq]
    assert [[entry.seq for entry in each.entries] for each in made] == [[begun.seq, done.seq]] * 2
    assert made[0].summary == {
        "account": account.pk,
        "category": "chat",
        "reason": "by_hand",
        "rule": "",
        "clock": "",
        "policy_version": 0,
        "begun_at": stamp(begun.at),
        "done_at": stamp(done.at),
        "units": 2,
        "files": 0,
        "keys": 2,
        "rows": 4,
        "survivors": 0,
    }


def test_certificate_names_rule_and_version_where_a_policy_was_obeyed(account):
    begun = ledger.append(
        "erasure.begun",
        account_id=account.pk,
        unit="helpdesk.ticket",
        category="ticket_file",
        rule="after.30.days",
        clock="last_message",
        version=5,
        reason="retention",
        units=1,
        files=2,
        keys=[],
    )
    done = ledger.append("erasure.done", account_id=account.pk, begun=begun.seq, rows=3, survivors=0)
    Erasure.objects.create(account_id=account.pk, begun=begun, done=done)

    said = certificate(begun.seq, among=everything()).summary

    assert [said[name] for name in ("category", "rule", "clock", "policy_version")] == [
        "ticket_file",
        "after.30.days",
        "last_message",
        5,
    ]


def test_number_that_is_neither_says_so(account):
    run = run_of(account)
    other = ledger.append("policy.changed", account_id=account.pk)

    for number in (other.seq, run.params["first"], 999_999, 2**80):
        with pytest.raises(NoReceipt, match=f"Entry {number} is no run"):
            receipt(number, among=everything())
    for number in (other.seq, run.seq, 999_999, 2**80):
        with pytest.raises(NoCertificate, match=f"Entry {number} is no erasure"):
            certificate(number, among=everything())


def test_erasure_that_only_began_has_no_certificate_yet(account):
    begun, _chat = erased_chats(account)
    Erasure.objects.filter(begun=begun).update(done=None)

    with pytest.raises(NotDoneYet):
        certificate(begun.seq, among=everything())


def test_documents_of_entries_that_somebody_may_not_see_are_not_there(account, other_account):
    run = run_of(account)
    theirs = LedgerEntry.objects.filter(account_id=other_account.pk)

    with pytest.raises(NoReceipt):
        receipt(run.seq, among=theirs)
    with pytest.raises(NoCertificate):
        certificate(run.params["first"], among=theirs)
    assert list(runs(theirs)) == []
    assert list(runs(everything())) == [run]


@pytest.mark.parametrize("kind", ["receipt", "certificate"])
def test_document_that_leaves_the_house_is_noted_without_a_name(account, manager, kind):
    run = run_of(account)
    number = run.seq if kind == "receipt" else run.params["first"]

    taken = hand_over(kind, number, among=everything(), form="json", by=manager)

    noted = LedgerEntry.objects.get(action="receipt.downloaded")
    assert taken.number == number
    assert (noted.account_id, noted.params) == (
        account.pk,
        {"kind": kind, "number": number, "form": "json", "who": ledger.reference(manager)},
    )


def test_runs_are_found_by_an_index_of_their_own(account):
    with transaction.atomic(using=VAULT):
        if connections[VAULT].vendor == "postgresql":
            with connections[VAULT].cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")  # a table this small is read as a whole
        plan = runs(everything()).explain()

    assert "runs_of_the_ledger" in plan
