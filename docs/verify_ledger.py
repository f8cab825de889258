"""Verify an exported ledger, a receipt or a certificate of Lethe with its public key, and without Lethe.

    python verify_ledger.py DOCUMENT.json --key public.pem [--head HEAD.json ...] [--since SEQ]

Needs Python 3.11 or newer and the package `cryptography`. Says in one line what it found; exit status 0
only where nothing is wrong.
"""

import argparse
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as forms

RUN = ("held", "failed", "archived", "first", "last", ("started_at", "started"), ("finished_at", "finished"))
BEGUN, DONE = ("units", "files", "reason", "rule", "category"), ("rows", "survivors")


class Wrong(Exception):
    """What is wrong, in one line."""


def check(true, what):
    if not true:
        raise Wrong(what)


def signed(text, signature, key):
    try:
        return key.verify(bytes.fromhex(signature), text.encode()) is None
    except (InvalidSignature, ValueError):
        return False


def check_entries(entries, key, gaps):
    """Recompute each hash; check signatures and links. Receipts hold single entries, so they have gaps."""
    fields, last = ("account", "action", "at", "params", "prev", "seq", "uid"), None
    for entry in entries:
        seq, content = entry["seq"], {name: entry[name] for name in fields}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        check(hashlib.sha256(text.encode()).hexdigest() == entry["hash"], f"entry {seq} was changed")
        check(signed(entry["hash"], entry["signature"], key), f"entry {seq} is not signed with this key")
        if last:
            following = seq == last["seq"] + 1
            check(following or (gaps and seq > last["seq"]), f"entry {last['seq'] + 1} is missing")
            linked = entry["prev"] == last["hash"] or not following
            check(linked, f"entry {seq} does not follow the one before it")
        last = entry


def check_ledger(document, entries, since):
    """An export reaches from where its own last entry says that it begins to that entry."""
    first, last = entries[0], entries[-1]
    check(last["action"] == "ledger.exported", "the end is missing: the last entry is not the export's own")
    begins = last["params"]["since"]
    check(document["number"] == last["seq"], "the number is not that of the last entry")
    check(document["summary"]["since"] == begins, "the summary begins elsewhere than the last entry says")
    check(first["seq"] == begins + 1, f"entry {begins + 1} is missing")
    check(begins or first["prev"] == "0" * 64, "entry 1 does not begin a chain")
    anchors = [entry["params"] for entry in entries if entry["action"] == "ledger.pruned"]
    here = [anchor["hash"] == first["prev"] for anchor in anchors if anchor["seq"] == begins]
    check(all(here), f"the anchor of the chain is another entry {begins}")
    check(
        begins in (0, since) or here,
        f"what comes before entry {begins + 1} is left out, and no anchor says so",
    )


def check_summary(summary, names, entry):
    for name in names:
        shown, said = (name, name) if isinstance(name, str) else name
        if shown in summary and said in entry["params"]:
            check(
                summary[shown] == entry["params"][said],
                f"the summary's {shown} is not what entry {entry['seq']} says",
            )


def check_receipt(document, entries):
    runs, summary = [entry for entry in entries if entry["action"] == "purge.run"], document["summary"]
    check([run["seq"] for run in runs] == [document["number"]], "the entry of the run is missing")
    said = {name[7:]: count for name, count in runs[0]["params"].items() if name.startswith("erased_")}
    counts = [{name: count for name, count in each.items() if count} for each in (summary["counts"], said)]
    check(counts[0] == counts[1], "the summary's counts are not what the entry of the run says")
    check_summary(summary, [*RUN, ("policy_version", "version")], runs[0])
    erasures = sum(entry["action"] == "erasure.begun" for entry in entries)
    check(summary.get("erasures", erasures) == erasures, "the entry of an erasure is missing")


def check_certificate(document, entries):
    begun = [entry for entry in entries if entry["action"] == "erasure.begun"]
    check(len(begun) == 1, "the entry of the erasure's beginning is missing")
    begun, summary = begun[0], document["summary"]
    done = [e for e in entries if e["action"] == "erasure.done" and e["params"]["begun"] == begun["seq"]]
    check(done, "no entry says that the erasure is done")
    check(done[0]["params"]["survivors"] == 0, "the erasure left survivors")
    check(document["number"] in (begun["seq"], done[0]["seq"]), "the number is that of another entry")
    keys = begun["params"]["keys"]
    check(summary["keys"] in (keys, len(keys)), "the summary's keys are not those of the entry")
    check({"units", "files"} <= summary.keys(), "the summary lacks its units or files")
    check_summary(summary, [*BEGUN, ("policy_version", "version")], begun)
    check_summary(summary, DONE, done[0])
    times = (summary.get("begun_at", begun["at"]), summary.get("done_at", done[0]["at"]))
    check(times == (begun["at"], done[0]["at"]), "the summary's times are not those of the entries")


def check_heads(document, entries, heads, key):
    """Hold the entries against the document's own head and those that were kept; returns how many met one."""
    der = key.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    ours, whole, end = hashlib.sha256(der).hexdigest(), document["kind"] == "ledger", document["head"]["seq"]
    hashes = {entry["seq"]: entry["hash"] for entry in entries}
    if whole:
        hashes[entries[0]["seq"] - 1] = entries[0]["prev"]
    for name, head in [("the document's head", document["head"]), *heads]:
        text = f"lethe head {head['seq']} {head['hash']} {head['at']} {head['entries']} {head['key']}"
        check(
            head["key"] == ours and signed(text, head["signature"], key),
            f"{name} is not signed with this key",
        )
        check(head["seq"] <= end or not whole, f"{name} is beyond the end: the document is older, or cut")
        check(
            hashes.get(head["seq"], head["hash"]) == head["hash"], f"{name} names another entry {head['seq']}"
        )
    last = entries[-1]["seq"]
    check(last == end if whole else last <= end, "the document's head is not that of its last entry")
    return sum(head["seq"] in hashes for _, head in heads)


def verify(document, key, heads, since):
    """Return in one line that nothing is wrong, or raise what is."""
    entries, kind = document["entries"], document["kind"]
    check(kind in ("ledger", "receipt", "certificate"), "it is no ledger, receipt or certificate")
    check(entries, "it holds no entry")
    check_entries(entries, key, gaps=kind != "ledger")
    if kind == "ledger":
        check_ledger(document, entries, since)
    else:
        (check_receipt if kind == "receipt" else check_certificate)(document, entries)
    met = check_heads(document, entries, heads, key)
    span = f"{len(entries)} entries from {entries[0]['seq']} to {entries[-1]['seq']}"
    return f"OK: {kind} {document['number']}, {span}; {met} of {len(heads)} given heads name one of them."


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("document")
    parser.add_argument("--key", required=True, help="the public key (PEM), not taken from the document")
    parser.add_argument("--head", action="append", default=[], help="a published head that was kept")
    parser.add_argument("--since", type=int, default=0, help="let an export begin behind this entry")
    given = parser.parse_args()
    try:
        with open(given.key, "rb") as file:
            key = forms.load_pem_public_key(file.read())
        read = []
        for name in (given.document, *given.head):
            with open(name, encoding="utf-8") as file:
                read.append(json.load(file))
        heads = [(f"the head {name}", head) for name, head in zip(given.head, read[1:], strict=True)]
        print(verify(read[0], key, heads, given.since))
    except Wrong as wrong:
        sys.exit(f"WRONG: {wrong}.")
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError, OSError) as error:
        sys.exit(f"WRONG: it can't be read ({type(error).__name__}: {error}).")


if __name__ == "__main__":
    main()
