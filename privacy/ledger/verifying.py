"""Find any change, removal or cut in the ledger."""

from typing import NamedTuple

from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS, link
from privacy.ledger.signing import is_signed
from privacy.models import DataKey, LedgerEntry, LedgerHead, Tombstone

BURYING = {"erasure.begun", "keys.swept"}  # the actions whose entries name the keys they destroyed


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
    """Walk the chain; hold it against signatures, mirror, the main database's memory and the tombstones."""
    hashes: dict[int, str] = {0: GENESIS}
    signature, count = "", 0
    for entry in LedgerEntry.objects.order_by("seq").iterator():
        problem = _problem(entry, expected_seq=count + 1, prev=hashes[count])
        if problem:
            return Finding(count, hashes[count], count + 1, problem)
        count, signature = entry.seq, entry.signature
        hashes[count] = entry.hash
    if count and not is_signed(hashes[count], signature):
        return Finding(
            count, hashes[count], count, "the head is not signed: the end was cut off or rewritten"
        )
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
    if head and head.seq and not _stands(hashes, head.seq, head.hash):
        return broken(min(head.seq, count + 1), "the main database remembers another entry here")
    try:
        for line in mirror.lines():
            if not _stands(hashes, line["seq"], line["hash"]):
                return broken(min(line["seq"], count + 1), "the mirror holds another entry here")
    except (ValueError, KeyError, TypeError):
        return broken(count, "the mirror can't be read")
    return _buried(hashes, count)


def _stands(hashes: dict[int, str], seq: int, wanted: str) -> bool:
    """Tell whether the ledger has this entry; one that was written since the walk is looked up."""
    return hashes.get(seq) == wanted or (
        seq not in hashes and LedgerEntry.objects.filter(seq=seq, hash=wanted).exists()
    )


def _buried(hashes: dict[int, str], count: int) -> Finding:
    """Hold the tombstones against the entries that they name, and the keys against the tombstones."""
    named: tuple[int, set[str]] = (0, set())
    for stone in Tombstone.objects.select_related("entry").order_by("entry").iterator():
        if named[0] != stone.entry_id:
            named = stone.entry_id, set(stone.entry.params.get("keys", []))
        if stone.entry.action not in BURYING or stone.key_id.hex not in named[1]:
            return Finding(
                count, hashes[count], stone.entry_id, "a tombstone names an entry that erased nothing"
            )
    risen = Tombstone.objects.filter(key_id__in=DataKey.objects.values("pk")).order_by("entry").first()
    if risen:
        return Finding(count, hashes[count], risen.entry_id, "a key that this entry destroyed is back")
    return Finding(count, hashes[count])
