"""Find any change, removal or cut in the ledger."""

from typing import NamedTuple

from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS, link
from privacy.ledger.signing import is_signed
from privacy.models import LedgerEntry, LedgerHead, Tombstone


class Finding(NamedTuple):
    """The state of the ledger: ``problem`` is empty where it is whole."""

    entries: int
    head: str
    broken_seq: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


def verify() -> Finding:
    """Walk the chain and hold it against its signatures, its mirror, the main database's memory and the tombstones."""
    hashes: dict[int, str] = {0: GENESIS}
    signature, count = "", 0
    for entry in LedgerEntry.objects.order_by("seq").iterator():
        problem = _problem(entry, expected_seq=count + 1, prev=hashes[count])
        if problem:
            return Finding(count, hashes[count], count + 1, problem)
        count, signature = entry.seq, entry.signature
        hashes[count] = entry.hash
    if count and not is_signed(hashes[count], signature):
        return Finding(count, hashes[count], count, "the head is not signed: the end was cut off or rewritten")
    return _witnessed(hashes, count)


def _problem(entry: LedgerEntry, *, expected_seq: int, prev: str) -> str:
    if entry.seq != expected_seq:
        return f"entry {expected_seq} is missing"
    if entry.prev_hash != prev:
        return "the entry does not follow the one before it"
    if entry.hash != link(
        seq=entry.seq,
        uid=entry.uid,
        at=entry.at,
        account_id=entry.account_id,
        action=entry.action,
        params=entry.params,
        prev=prev,
    ):
        return "the entry was changed"
    if entry.signature and not is_signed(entry.hash, entry.signature):
        return "the signature is not ours"
    return ""


def _witnessed(hashes: dict[int, str], count: int) -> Finding:
    def broken(seq: int, problem: str) -> Finding:
        return Finding(count, hashes[count], seq, problem)

    head = LedgerHead.objects.filter(pk=1).first()
    if head and head.seq and hashes.get(head.seq) != head.hash:
        return broken(min(head.seq, count + 1), "the main database remembers another entry here")
    for line in mirror.lines():
        if hashes.get(line["seq"]) != line["hash"]:
            return broken(min(line["seq"], count + 1), "the mirror holds another entry here")
    orphan = Tombstone.objects.exclude(entry__action__startswith="erasure.").order_by("entry").first()
    if orphan:
        return broken(orphan.entry_id, "a tombstone names an entry that erased nothing")
    return Finding(count, hashes[count])
