"""Anybody can verify the ledger, a receipt or a certificate with the public key alone, and without Lethe."""

import ast
import copy
import json
import sys
import tracemalloc
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.utils import timezone

from privacy import ledger
from privacy.ledger.canonical import GENESIS, link_of, stamp
from privacy.ledger.chain import Event, append_events
from privacy.ledger.exporting import export_ledger
from privacy.ledger.heads import head_document
from privacy.ledger.mirror import as_line
from privacy.ledger.publishing import publish_head
from privacy.ledger.signing import public_key_pem, signing_key
from privacy.models import Erasure, LedgerEntry
from privacy.services.erasing.purge import purge
from privacy.services.evidence import receipts
from tests import factories
from tests.privacy.ledgers import finding, rebuild
from tests.privacy.outside import VERIFIER, Auditor

UNFINISHED = "no entry says that the erasure is done, or there are others"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]


@pytest.fixture
def auditor(tmp_path, db):
    folder = tmp_path / "auditor"
    folder.mkdir()
    return Auditor(folder, public_key_pem())


@pytest.fixture
def export(entries, tmp_path):
    """Return a function that exports the ledger: five entries, and that of the export."""

    def made(**options) -> dict:
        path = tmp_path / "ledger.json"
        export_ledger(path, **options)
        return json.loads(path.read_text())

    return made


@pytest.fixture
def certificate(entries):
    """A certificate of an erasure, in whose entries there is a gap."""
    begun = ledger.append(
        "erasure.begun",
        account_id=7,
        unit="chat.conversation",
        reason="retention",
        units=2,
        files=1,
        keys=["a", "b"],
    )
    ledger.append("policy.changed", account_id=7)
    done = ledger.append("erasure.done", account_id=7, begun=begun.seq, rows=9, survivors=0)
    summary = {"account": 7, "category": "chat", "reason": "retention", "rule": "", "clock": ""}
    summary |= {"policy_version": 0, "begun_at": stamp(begun.at), "done_at": stamp(done.at)}
    summary |= {"units": 2, "files": 1, "keys": 2, "rows": 9, "survivors": 0}
    return document_of("certificate", begun.seq, summary, [begun, done])


@pytest.fixture
def receipt(entries):
    """A receipt of a run that erased three chats and no ticket."""
    begun = ledger.append("erasure.begun", account_id=7, units=3, keys=[])
    times = {"started": begun.at, "finished": timezone.now()}
    counts = {"erased_chat": 3, "erased_ticket": 0, "held": 0, "erasures": 1}
    run = ledger.append("purge.run", account_id=7, version=4, first=6, last=6, **times, **counts)
    summary = {"account": 7, "policy_version": 4, "started_at": stamp(begun.at), "first": 6, "last": 6}
    summary |= {"finished_at": run.params["finished"], "counts": {"chat": 3, "ticket": 0}, "erasures": 1}
    summary |= {"held": 0, "failed": 0, "archived": 0}
    return document_of("receipt", run.seq, summary, [begun, run])


def document_of(kind: str, number: int, summary: dict, entries: list[LedgerEntry]) -> dict:
    return {
        "kind": kind,
        "number": number,
        "summary": summary,
        "entries": [as_line(entry) for entry in entries],
        "head": head_document(),
        "public_key": public_key_pem(),
    }


def changed(document: dict, *path, to) -> dict:
    """Return a copy of a document with another value at one place."""
    forged = copy.deepcopy(document)
    place = forged
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return forged


def without(document: dict, index: int) -> dict:
    forged = copy.deepcopy(document)
    del forged["entries"][index]
    return forged


# --- Alone


def test_verifier_imports_nothing_but_the_standard_library_and_cryptography():
    imports = [
        node
        for node in ast.walk(ast.parse(VERIFIER.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}

    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == {"cryptography"}


def test_command_prints_the_key_that_verifies(export, auditor):
    output = StringIO()
    call_command("ledger_key", stdout=output)
    auditor.key.write_text(output.getvalue())

    assert auditor.verify(export())[0] == 0


# --- Export


def test_export_is_verified(export, auditor):
    head = publish_head().head

    assert auditor.verify(export(), heads=(head,)) == (
        0,
        "OK: ledger 7, 7 entries from 1 to 7; 1 of 1 given heads name one of them.",
    )


def test_export_ends_with_the_entry_that_says_so(export):
    document = export()

    assert document["kind"] == "ledger"
    assert [line["seq"] for line in document["entries"]] == [1, 2, 3, 4, 5, 6]
    assert document["entries"][-1]["action"] == "ledger.exported"
    assert document["entries"][-1]["params"] == {"since": 0, "entries": 5}
    assert document["head"]["seq"] == document["number"] == 6
    assert finding() == (True, None)


def test_command_exports_for_this_user_only(entries, tmp_path):
    output = StringIO()
    path = tmp_path / "ledger.json"

    call_command("export_ledger", "--out", str(path), stdout=output)

    assert output.getvalue() == f"Entries 1 to 6 are in {path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.glob("*json*")] == ["ledger.json"]


def test_part_of_the_ledger_is_verified_where_the_auditor_knows_that_it_is_a_part(export, auditor):
    document = export(since=3)

    assert auditor.verify(document, "--since", "3")[0] == 0
    assert auditor.verify(document) == (
        1,
        "WRONG: what comes before entry 4 is left out, and no anchor says so.",
    )


def test_head_from_before_a_part_is_held_against_where_it_begins(export, entries, auditor):
    document = export(since=3)

    met = auditor.verify(
        document, "--since", "3", heads=(head_document(entries[2]), head_document(entries[0]))
    )

    assert met == (0, "OK: ledger 6, 3 entries from 4 to 6; 1 of 2 given heads name one of them.")


def test_heads_that_meet_no_entry_prove_nothing(export, entries, auditor):
    met = auditor.verify(export(since=3), "--since", "3", heads=(head_document(entries[0]),))

    assert met == (1, "WRONG: no given head names any of its entries.")


@pytest.mark.parametrize("since", [5, 99])
def test_export_of_nothing_is_refused_and_says_nothing_in_the_ledger(entries, tmp_path, since):
    with pytest.raises(CommandError, match=f"no entry behind {since}"):
        call_command("export_ledger", "--out", str(tmp_path / "ledger.json"), "--since", str(since))

    assert ledger.last_entry().seq == 5


def test_place_that_can_not_be_written_is_told_before_anything_is_said_in_the_ledger(entries, tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("export_ledger", "--out", str(tmp_path / "nowhere" / "ledger.json"))

    assert ledger.last_entry().seq == 5


def test_memory_of_an_export_does_not_grow_with_the_ledger(entries, tmp_path):
    def peak() -> int:
        tracemalloc.start()
        export_ledger(tmp_path / "ledger.json")
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    def grow(number: int) -> None:
        params, now = {"keys": ["f" * 32] * 9}, timezone.now()
        append_events(Event("policy.changed", 7, params, uuid4(), now) for _ in range(number))

    grow(3000)
    few = peak()
    grow(9000)

    assert peak() < 1.5 * few


# --- Tampered


@pytest.mark.parametrize(
    ("path", "to", "line"),
    [
        (("entries", 2, "params", "number"), 99, "entry 3 was changed"),
        (("entries", 2, "action"), "policy.kept", "entry 3 was changed"),
        (("entries", 2, "account"), None, "entry 3 was changed"),
        (("entries", 2, "at"), "2020-01-01T00:00:00.000000Z", "entry 3 was changed"),
        (("entries", 2, "hash"), "0" * 64, "entry 3 was changed"),
        (("entries", 2, "signature"), "00" * 64, "entry 3 is not signed with this key"),
        (("head", "seq"), 4, "the document's head is not signed with this key"),
        (("head", "hash"), "0" * 64, "the document's head is not signed with this key"),
        (("summary", "since"), 2, "the summary is not what the last entry says"),
        (("number",), 5, "the number is not that of the last entry"),
        (("kind",), "receipt", "the entry of the run is missing"),
        (("kind",), "poem", "it is no ledger, receipt or certificate"),
        (("entries",), [], "it holds no entry"),
    ],
)
def test_changed_export_is_told(export, auditor, path, to, line):
    assert auditor.verify(changed(export(), *path, to=to)) == (1, f"WRONG: {line}.")


@pytest.mark.parametrize(
    ("index", "line"),
    [
        (0, "entry 1 is missing"),
        (2, "entry 3 is missing"),
        (-1, "the end is missing: the last entry is not the export's own"),
    ],
)
def test_entry_taken_out_of_an_export_is_told(export, auditor, index, line):
    assert auditor.verify(without(export(), index)) == (1, f"WRONG: {line}.")


def test_export_under_another_key_is_told_whatever_key_it_encloses(export, auditor):
    other = Ed25519PrivateKey.generate().public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    auditor.key.write_bytes(pem)

    assert auditor.verify(export()) == (1, "WRONG: entry 1 is not signed with this key.")


def resigned(document: dict, *, key: Ed25519PrivateKey, prev: str = GENESIS) -> dict:
    """Chain and sign a document anew, as whoever holds the key can."""
    for line in document["entries"]:
        entry = LedgerEntry.objects.get(seq=line["seq"])
        entry.params, entry.prev_hash = line["params"], prev
        line["prev"], line["hash"] = prev, link_of(entry)
        line["signature"] = key.sign(line["hash"].encode()).hex()
        prev = line["hash"]
    return document


def test_export_that_was_chained_anew_without_the_key_is_told(export, auditor):
    forged = resigned(changed(export(), "entries", 2, "params", to={}), key=Ed25519PrivateKey.generate())

    assert auditor.verify(forged) == (1, "WRONG: entry 1 is not signed with this key.")


def test_chain_that_begins_behind_something_else_is_told(export, auditor):
    forged = resigned(export(), key=signing_key(), prev="1" * 64)

    assert auditor.verify(forged) == (1, "WRONG: entry 1 does not begin a chain.")


def test_two_signed_chains_make_no_third(export, auditor):
    document = export()
    LedgerEntry.objects.filter(seq=3).update(params={"number": 99})
    rebuild()
    other = export()

    spliced = document["entries"][:3] + other["entries"][3:]

    assert auditor.verify(other | {"entries": spliced}) == (
        1,
        "WRONG: entry 4 does not follow the one before it.",
    )


def test_rebuilt_ledger_is_told_by_a_head_that_was_kept(entries, export, auditor):
    head = publish_head().head
    LedgerEntry.objects.filter(seq=3).update(params={"number": 99})
    rebuild()
    document = export()

    assert auditor.verify(document)[0] == 0
    assert auditor.verify(document, heads=(head,)) == (1, "WRONG: the head head0.json names another entry 6.")


def test_ledger_that_was_cut_before_the_export_is_told_by_a_head_that_was_kept(entries, export, auditor):
    publish_head()
    head = publish_head().head
    LedgerEntry.objects.filter(seq__gte=4).delete()
    rebuild()

    line = "the head head0.json is beyond the end: the document is older, or cut"
    assert auditor.verify(export(), heads=(head,)) == (1, f"WRONG: {line}.")


def test_forged_head_proves_nothing(export, auditor):
    head = head_document() | {"signature": "00" * 64}

    assert auditor.verify(export(), heads=(head,)) == (
        1,
        "WRONG: the head head0.json is not signed with this key.",
    )


@pytest.mark.parametrize(
    "broken", [[], {}, {"kind": "ledger"}, {"kind": "ledger", "entries": [5], "head": {}}]
)
def test_what_is_no_document_is_told_in_one_line(auditor, broken):
    code, line = auditor.verify(broken)

    assert code == 1
    assert line.startswith("WRONG: it can't be read (")
    assert len(line.splitlines()) == 1


# --- Receipt and certificate


def test_receipt_is_verified(receipt, auditor):
    assert auditor.verify(receipt) == (
        0,
        "OK: receipt 7, 2 entries from 6 to 7; 0 of 0 given heads name one of them.",
    )


@pytest.mark.parametrize(
    ("path", "to", "line"),
    [
        (("summary", "account"), 99, "the summary's account is not what the entries say"),
        (("summary", "counts", "chat"), 2, "the summary's counts is not what the entries say"),
        (("summary", "counts", "chat"), 3.0, "the summary's counts is not what the entries say"),
        (("summary", "counts", "ticket"), 1, "the summary's counts is not what the entries say"),
        (("summary", "counts"), {}, "the summary's counts is not what the entries say"),
        (("summary", "erasures"), 1.0, "the summary's erasures is not what the entries say"),
        (("summary", "policy_version"), 3, "the summary's policy_version is not what the entries say"),
        (("summary", "held"), 2, "the summary's held is not what the entries say"),
        (("summary", "contacts_erased"), 5000, "the summary's contacts_erased stands in no entry"),
        (("public_key",), "another", "the enclosed key is another one"),
        (("note",), "forged", "the document has other fields than it should"),
        (("entries", 0, "note"), "forged", "entry 6 has other fields than it should"),
        (("head", "note"), "forged", "the document's head has other fields than it should"),
        (("number",), 6, "the entry of the run is missing"),
        (("entries", 1, "params", "erased_chat"), 2, "entry 7 was changed"),
        (("head", "entries"), 3, "the document's head is not signed with this key"),
    ],
)
def test_changed_receipt_is_told(receipt, auditor, path, to, line):
    assert auditor.verify(changed(receipt, *path, to=to)) == (1, f"WRONG: {line}.")


def test_receipt_without_one_of_its_erasures_is_told(receipt, auditor):
    assert auditor.verify(without(receipt, 0)) == (1, "WRONG: the entry of an erasure is missing.")


def test_receipt_that_leaves_an_erasure_out_of_its_summary_too_is_told(receipt, auditor):
    forged = changed(without(receipt, 0), "summary", "erasures", to=0)

    assert auditor.verify(forged) == (1, "WRONG: the entry of an erasure is missing.")


def run_with_a_code(**says) -> dict:
    """Return the receipt of a run that names its erasures by its code, of five chats and their contacts."""
    entries = []
    for category, units in (("chat", 3), ("chat", 2), ("contact", 5)):
        begun = ledger.append(
            "erasure.begun", account_id=7, category=category, units=units, keys=[], run="r1"
        )
        ends = {"rows": 9, "survivors": 0, "run": "r1", "units": units}
        entries += [begun, ledger.append("erasure.done", account_id=7, begun=begun.seq, **ends)]
    said = {"run": "r1", "since": 5, "first": 6, "last": 11, "erasures": 3, "started": begun.at}
    said |= {"finished": begun.at, "erased_chat": 5, "erased_contact": 5, "erased_mail": 4}
    run = ledger.append("purge.run", account_id=7, **said | says)
    counts = {name[7:]: count for name, count in run.params.items() if name.startswith("erased_")}
    summary = {"account": 7, "policy_version": 0, "started_at": stamp(begun.at), "first": 6, "last": 11}
    summary |= {"finished_at": stamp(begun.at), "counts": counts, "erasures": run.params["erasures"]}
    return document_of("receipt", run.seq, summary | {"held": 0, "failed": 0, "archived": 0}, [*entries, run])


def test_receipt_whose_counts_are_the_sums_of_its_erasures_is_verified(entries, auditor):
    assert auditor.verify(run_with_a_code())[0] == 0


@pytest.mark.parametrize(
    ("says", "line"),
    [
        ({"erased_chat": 6}, "what the run counts of chat is not the sum of its erasures"),
        ({"erased_ticket": 1}, "what the run counts of ticket is not the sum of its erasures"),
        ({"erasures": 4}, "the entry of an erasure is missing"),
        ({"run": "r2"}, "entry 7 is none of this run"),
    ],
)
def test_receipt_that_does_not_add_up_is_told_though_it_is_signed(entries, auditor, says, line):
    assert auditor.verify(run_with_a_code(**says)) == (1, f"WRONG: {line}.")


@pytest.mark.parametrize("index", [0, 1])
def test_receipt_that_lacks_one_end_of_an_erasure_is_told(entries, auditor, index):
    assert (
        auditor.verify(without(run_with_a_code(), index))[1] == "WRONG: the entry of an erasure is missing."
    )


def test_documents_of_a_real_purge_are_verified(account, long_ago, auditor):
    for _number in range(3):
        factories.chat(account, closed_at=long_ago, created_at=long_ago)
    purge()
    everything = LedgerEntry.objects.all()
    made = [receipts.receipt(run.seq, among=everything) for run in receipts.runs(everything)]
    made += [receipts.certificate(each.begun_id, among=everything) for each in Erasure.objects.all()]

    said = [auditor.verify_text("".join(document.as_json())) for document in made]

    assert {"chat": 3, "contact": 3}.items() <= made[0].summary["counts"].items()
    assert [code for code, _line in said] == [0] * len(said), said
    assert len(said) >= 3


def test_receipt_with_an_erasure_of_another_run_is_told(receipt, auditor):
    later = ledger.append("erasure.begun", account_id=7, units=3, keys=[])
    foreign = ledger.append("erasure.begun", account_id=8, units=3, keys=[])
    begun, run = receipt["entries"]

    def verified(entries, number):
        return auditor.verify(receipt | {"entries": entries, "number": number, "head": head_document()})

    assert verified([begun, run, as_line(later)], 7)[1] == "WRONG: the entry of the run is missing."
    again = ledger.append("purge.run", account_id=7, **run["params"])
    assert verified([begun, as_line(later), as_line(again)], again.seq)[1] == (
        f"WRONG: entry {later.seq} is none of this run."
    )
    assert verified([begun, as_line(foreign), as_line(again)], again.seq)[1] == (
        f"WRONG: entry {foreign.seq} is none of this run's account."
    )


@pytest.mark.parametrize("name", ["account", "failed", "erasures", "counts", "first"])
def test_receipt_whose_summary_lacks_something_is_told(receipt, auditor, name):
    del receipt["summary"][name]

    assert auditor.verify(receipt) == (1, f"WRONG: the summary lacks its {name}.")


def test_field_that_stands_twice_is_told(receipt, auditor, tmp_path):
    text = json.dumps(receipt).replace('"chat": 3', '"chat": 3000, "chat": 3')

    assert auditor.verify_text(text) == (1, "WRONG: a field stands twice in it.")


def test_certificate_is_verified_though_its_entries_have_a_gap(certificate, auditor):
    assert auditor.verify(certificate)[0] == 0
    assert auditor.verify(changed(certificate, "number", to=8))[0] == 0


@pytest.mark.parametrize(
    ("path", "to", "line"),
    [
        (("summary", "account"), 99, "the summary's account is not what the entries say"),
        (("summary", "category"), "ticket", "the summary's category is not what the entries say"),
        (("summary", "rule"), "at_once", "the summary's rule is not what the entries say"),
        (("summary", "clock"), "created", "the summary's clock is not what the entries say"),
        (("summary", "units"), 3, "the summary's units is not what the entries say"),
        (("summary", "files"), 0, "the summary's files is not what the entries say"),
        (("summary", "keys"), 1, "the summary's keys is not what the entries say"),
        (("summary", "reason"), "closed", "the summary's reason is not what the entries say"),
        (("summary", "rows"), 8, "the summary's rows is not what the entries say"),
        (("summary", "survivors"), 1, "the summary's survivors is not what the entries say"),
        (("summary", "begun_at"), "2020-01-01", "the summary's begun_at is not what the entries say"),
        (("summary", "done_at"), None, "the summary's done_at is not what the entries say"),
        (("number",), 7, "the number is that of another entry"),
        (("entries", 0, "params", "units"), 3, "entry 6 was changed"),
    ],
)
def test_changed_certificate_is_told(certificate, auditor, path, to, line):
    assert auditor.verify(changed(certificate, *path, to=to)) == (1, f"WRONG: {line}.")


@pytest.mark.parametrize("name", ["account", "clock", "keys", "rows", "survivors"])
def test_certificate_whose_summary_lacks_something_is_told(certificate, auditor, name):
    del certificate["summary"][name]

    assert auditor.verify(certificate) == (1, f"WRONG: the summary lacks its {name}.")


def test_certificate_needs_both_entries(certificate, auditor):
    assert (
        auditor.verify(without(certificate, 0))[1]
        == "WRONG: the entry of the erasure's beginning is missing."
    )
    assert auditor.verify(without(certificate, 1))[1] == f"WRONG: {UNFINISHED}."


def test_end_of_another_erasure_ends_nothing(certificate, auditor):
    other = ledger.append("erasure.done", begun=99, rows=9, survivors=0)

    forged = changed(certificate, "entries", 1, to=as_line(other))

    assert auditor.verify(forged)[1] == f"WRONG: {UNFINISHED}."


def test_erasure_with_survivors_gets_no_certificate(certificate, auditor):
    done = ledger.append("erasure.done", begun=6, rows=9, survivors=1)

    forged = changed(certificate, "entries", 1, to=as_line(done))

    assert auditor.verify(forged | {"head": head_document()})[1] == "WRONG: the erasure left survivors."


def test_entries_newer_than_the_documents_head_are_told(certificate, entries, auditor):
    forged = certificate | {"head": head_document(entries[-1])}

    assert auditor.verify(forged)[1] == "WRONG: the document's head is not that of its last entry."


def test_head_that_was_kept_is_held_against_a_certificate(certificate, auditor):
    last = LedgerEntry.objects.get(seq=8)
    other = head_document(last) | {"hash": "0" * 64}
    text = f"lethe head 8 {other['hash']} {other['at']} 8 {other['key']}"
    forged = other | {"signature": signing_key().sign(text.encode()).hex()}

    assert auditor.verify(certificate, heads=(head_document(last),))[1].endswith(
        "1 of 1 given heads name one of them."
    )
    assert auditor.verify(certificate, heads=(forged,)) == (
        1,
        "WRONG: the head head0.json names another entry 8.",
    )
