"""Verify an exported ledger, a receipt or a certificate of Lethe with its public key, and without Lethe.

    python verify_ledger.py DOCUMENT.json --key public.pem [--head HEAD.json ...] [--since SEQ]

Needs Python 3.11 or newer and the package `cryptography`. Says in one line what it found; exit status 0
only where nothing is wrong.
"""

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as forms

DOCUMENT = {"kind", "number", "summary", "head", "public_key", "entries"}
CONTENT = {"account", "action", "at", "params", "prev", "seq", "uid"}
HEAD = {"seq", "hash", "at", "entries", "key", "signature"}
# Where no rule of an account decided, entries name the model only.
CATEGORIES = {
    "chat.conversation": "chat",
    "helpdesk.ticket": "ticket",
    "helpdesk.contact": "contact",
    "helpdesk.user": "user",
}
LEAST_YEARS = 3


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


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def check_fields(name, fields, signed_ones):
    """Refuse what no signature covers: nobody could tell who wrote it."""
    check(fields.keys() == signed_ones, f"{name} has other fields than it should")


def check_entries(entries, key, gaps):
    """Recompute each hash; check signatures and links. Receipts hold single entries, so they have gaps."""
    last = None
    for entry in entries:
        seq = entry["seq"]
        check_fields(f"entry {seq}", entry, CONTENT | {"hash", "signature"})
        text = json.dumps({name: entry[name] for name in CONTENT}, sort_keys=True, separators=(",", ":"))
        check(hashlib.sha256(text.encode()).hexdigest() == entry["hash"], f"entry {seq} was changed")
        check(signed(entry["hash"], entry["signature"], key), f"entry {seq} is not signed with this key")
        if last:
            following = seq == last["seq"] + 1
            check(following or (gaps and seq > last["seq"]), f"entry {last['seq'] + 1} is missing")
            linked = entry["prev"] == last["hash"] or not following
            check(linked, f"entry {seq} does not follow the one before it")
        last = entry


def anchor_of(entries, begins):
    """Return what the entry says that cut the chain where it begins, or ``None``; check all such entries."""
    anchor = None
    for entry in entries:
        if entry["action"] == "ledger.pruned":
            said, at = entry["params"], moment(entry["at"])
            check(0 < said["seq"] < entry["seq"], f"entry {entry['seq']} names no anchor of the chain")
            check(at <= datetime.now(UTC) + timedelta(days=1), f"entry {entry['seq']} is dated in the future")
            term = moment(said["until"])
            check(
                (term.year + LEAST_YEARS, *term.timetuple()[1:6]) <= at.timetuple()[:6],
                f"entry {entry['seq']} cut the chain before its term",
            )
            anchor = said if said["seq"] == begins else anchor
    return anchor


def check_ledger(document, entries, since):
    """An export reaches from where its last entry says that it begins to that entry; returns its anchor."""
    first, last = entries[0], entries[-1]
    check(last["action"] == "ledger.exported", "the end is missing: the last entry is not the export's own")
    begins = last["params"]["since"]
    check(document["number"] == last["seq"], "the number is not that of the last entry")
    check(document["summary"] == {"since": begins}, "the summary is not what the last entry says")
    check(first["seq"] == begins + 1, f"entry {begins + 1} is missing")
    check(begins or first["prev"] == "0" * 64, "entry 1 does not begin a chain")
    anchor = anchor_of(entries, begins)
    fits = not anchor or anchor["hash"] == first["prev"]
    check(fits, f"the anchor of the chain is another entry {begins}")
    known = anchor or begins in (0, since)
    check(known, f"what comes before entry {begins + 1} is left out, and no anchor says so")
    return anchor


def check_summary(summary, said):
    """Each field of a summary is what signed entries say, and none is lacking or stands in no entry."""
    for name in [*said, *summary]:
        check(name in summary, f"the summary lacks its {name}")
        check(name in said, f"the summary's {name} stands in no entry")
        same = json.dumps(summary[name], sort_keys=True) == json.dumps(said[name], sort_keys=True)
        check(same, f"the summary's {name} is not what the entries say")


def category_of(begun):
    return begun["params"].get("category") or CATEGORIES.get(begun["params"]["unit"])


def check_run(says, entries):
    """A run that has a code of its own counts what the ends of its erasures say, and no other's."""
    begun = {entry["seq"]: entry for entry in entries if entry["action"] == "erasure.begun"}
    done = [entry for entry in entries if entry["action"] == "erasure.done"]
    check(
        sorted(begun) == sorted(end["params"]["begun"] for end in done), "the entry of an erasure is missing"
    )
    sums = dict.fromkeys(CATEGORIES.values(), 0)
    for end in done:
        check(end["params"]["run"] == says["run"], f"entry {end['seq']} is none of this run")
        category = category_of(begun[end["params"]["begun"]])
        sums[category] = sums.get(category, 0) + end["params"]["units"]
    for category, units in sums.items():
        adds_up = says.get(f"erased_{category}", 0) == units
        check(adds_up, f"what the run counts of {category} is not the sum of its erasures")


def check_receipt(document, entries):
    """A receipt holds the entry of a run, and the entries of the erasures that the run names as its own."""
    run = entries[-1]
    check(
        run["action"] == "purge.run" and run["seq"] == document["number"], "the entry of the run is missing"
    )
    says, erasures = run["params"], 0
    for entry in entries[:-1]:
        fits = entry["action"] in ("erasure.begun", "erasure.done") and entry["account"] == run["account"]
        check(fits, f"entry {entry['seq']} is none of this run's account")
        within = (says["first"] or 0) <= entry["seq"] <= (says["last"] or 0)
        check(within, f"entry {entry['seq']} is none of this run")
        erasures += entry["action"] == "erasure.begun"
    check(says.get("erasures", erasures) == erasures, "the entry of an erasure is missing")
    if "run" in says:
        check_run(says, entries)
    said = {"account": run["account"], "policy_version": says.get("version", 0), "erasures": erasures}
    said |= {"started_at": says["started"], "finished_at": says["finished"]}
    said |= {"first": says["first"], "last": says["last"]}
    said |= {name: says.get(name, 0) for name in ("held", "failed", "archived")}
    said["counts"] = {name[7:]: count for name, count in says.items() if name.startswith("erased_")}
    check_summary(document["summary"], said)


def check_certificate(document, entries):
    """A certificate holds two entries: that the erasure began, and that it ended without survivors."""
    actions = [entry["action"] for entry in entries]
    check(actions[0] == "erasure.begun", "the entry of the erasure's beginning is missing")
    begun, done = entries[0], entries[-1]
    ended = actions == ["erasure.begun", "erasure.done"] and done["params"]["begun"] == begun["seq"]
    check(ended, "no entry says that the erasure is done, or there are others")
    check(done["params"]["survivors"] == 0, "the erasure left survivors")
    check(document["number"] in (begun["seq"], done["seq"]), "the number is that of another entry")
    says, ends = begun["params"], done["params"]
    said = {"account": begun["account"], "policy_version": says.get("version", 0), "keys": len(says["keys"])}
    said |= {"begun_at": begun["at"], "done_at": done["at"]}
    said |= {"category": category_of(begun)}
    said |= {"rule": says.get("rule", ""), "clock": says.get("clock", "")}
    said |= {name: says[name] for name in ("reason", "units", "files")}
    said |= {name: ends[name] for name in ("rows", "survivors")}
    check_summary(document["summary"], said)


def check_head(name, head, key, ours):
    check_fields(name, head, HEAD)
    text = f"lethe head {head['seq']} {head['hash']} {head['at']} {head['entries']} {head['key']}"
    check(head["key"] == ours and signed(text, head["signature"], key), f"{name} is not signed with this key")


def check_heads(document, entries, heads, key, anchor):
    """Hold the entries against the document's own head and those that were kept; returns how many met one.

    Of what comes before the anchor only place and age can be compared. Single entries need meet no head.
    """
    der = key.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    ours, whole, end = hashlib.sha256(der).hexdigest(), document["kind"] == "ledger", document["head"]["seq"]
    hashes, older = {entry["seq"]: entry["hash"] for entry in entries}, 0
    if whole:
        hashes[entries[0]["seq"] - 1] = entries[0]["prev"]
    for name, head in [("the document's head", document["head"]), *heads]:
        check_head(name, head, key, ours)
        seq = head["seq"]
        check(seq <= end or not whole, f"{name} is beyond the end: the document is older, or cut")
        check(hashes.get(seq, head["hash"]) == head["hash"], f"{name} names another entry {seq}")
        if anchor and seq <= anchor["seq"]:
            old = moment(head["at"]) < moment(anchor["until"])
            check(old, f"{name} names an entry that was cut before its term")
            older += seq < anchor["seq"]
    last = entries[-1]["seq"]
    check(last == end if whole else last <= end, "the document's head is not that of its last entry")
    met = sum(head["seq"] in hashes for _, head in heads)
    check(met or older == len(heads) or not whole, "no given head names any of its entries")
    return met


def verify(document, key, heads, since):
    """Return in one line that nothing is wrong, or raise what is."""
    entries, kind, anchor = document["entries"], document["kind"], None
    check(kind in ("ledger", "receipt", "certificate"), "it is no ledger, receipt or certificate")
    check(entries, "it holds no entry")
    check_entries(entries, key, gaps=kind != "ledger")
    check_fields("the document", document, DOCUMENT)
    pem = key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo).decode()
    check(document["public_key"].strip() == pem.strip(), "the enclosed key is another one")
    if kind == "ledger":
        anchor = check_ledger(document, entries, since)
    else:
        (check_receipt if kind == "receipt" else check_certificate)(document, entries)
    met = check_heads(document, entries, heads, key, anchor)
    span = f"{len(entries)} entries from {entries[0]['seq']} to {entries[-1]['seq']}"
    return f"OK: {kind} {document['number']}, {span}; {met} of {len(heads)} given heads name one of them."


def once(pairs):
    """Readers differ in which of two fields of one name they take, so there may be only one."""
    check(len(dict(pairs)) == len(pairs), "a field stands twice in it")
    return dict(pairs)


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
                read.append(json.load(file, object_pairs_hook=once))
        heads = [(f"the head {name}", head) for name, head in zip(given.head, read[1:], strict=True)]
        print(verify(read[0], key, heads, given.since))
    except Wrong as wrong:
        sys.exit(f"WRONG: {wrong}.")
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError, OSError) as error:
        sys.exit(f"WRONG: it can't be read ({type(error).__name__}: {error}).")


if __name__ == "__main__":
    main()
