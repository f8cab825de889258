"""The ledger: nothing about anybody goes in, and no change, removal or cut goes unnoticed."""

import json
import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from chat.models import Conversation
from helpdesk.models import Contact
from privacy import ledger, vault
from privacy.declarations import root_of
from privacy.encryption.rows import uuid7
from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS, link
from privacy.ledger.outbox import drain_outbox
from privacy.ledger.signing import is_signed, public_key_pem
from privacy.models import DataKey, LedgerEntry, LedgerHead, OutboxLine
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.steps import begin, finish
from tests import factories
from tests.privacy.ledgers import finding, forget_witnesses, numbers, verify_ledger

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]


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

    assert [is_signed(entry.hash, entry.signature, key=key) for entry in entries] == [True] * 5
    assert not is_signed(entries[0].hash, entries[1].signature, key=key)


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


def test_cut_without_any_witness_can_not_be_seen_and_is_why_there_are_witnesses(entries):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    forget_witnesses()

    assert finding() == (False, 1)  # the mirror is missing
    mirror.catch_up()
    assert finding() == (True, None)


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
                reason = Reason("retention", account.pk)
                finish(begin(root_of(Conversation), {key}, [], [uuid7()], reason), [key])
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


# --- Command


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
