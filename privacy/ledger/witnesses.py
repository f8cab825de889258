"""What knows the ledger from outside: the mirror, the tombstones, the main database's memory."""

from uuid import UUID

from privacy.ledger import mirror
from privacy.ledger.anchors import is_entry, newest_anchor
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerHead, Tombstone

# The actions whose entries name the keys they destroyed.
BURYING = {"erasure.begun", "keys.swept", "people.emptied"}

UNREADABLE = "the mirror can't be read"
ANOTHER = "the mirror holds another entry here"


class MirrorLines:
    """The lines of the mirror, read one by one beside the entries that they copy."""

    def __init__(self, offset: int, *, after: int) -> None:
        self.offset = offset
        # A file that is yet to be cut still holds what went from the ledger.
        self._lines = (each for each in mirror.lines(offset) if each[0]["seq"] > after)

    def problem(self, entry: LedgerEntry) -> str:
        """Return what is wrong about the line of the next entry, or nothing."""
        try:
            line, offset = next(self._lines, ({}, 0))
        except mirror.Unreadable:
            return UNREADABLE
        if line == mirror.as_line(entry):
            self.offset = offset
            return ""
        return "the mirror lacks this entry" if not line or line["seq"] > entry.seq else ANOTHER

    def problem_beyond(self) -> str:
        """Return what is wrong where the lines go on after the entries: more may have come meanwhile."""
        try:
            known = all(is_entry(line["seq"], line["hash"]) for line, _ in self._lines)
        except mirror.Unreadable:
            return UNREADABLE
        return "" if known else ANOTHER


class Graves:
    """The tombstones and the erasures, in the order of the entries that they name."""

    def __init__(self, *, after: int, limit: int) -> None:
        # Read before the tombstones: whatever is done by then has them all.
        self.unfinished = set(Erasure.objects.filter(done=None).values_list("begun_id", flat=True))
        stones = Tombstone.objects.filter(entry_id__gt=after, entry_id__lte=limit).order_by("entry_id")
        self._stones = stones.values_list("entry_id", "key_id").iterator()
        self._next = next(self._stones, None)
        erasures = Erasure.objects.filter(begun_id__gt=after, begun_id__lte=limit).order_by("begun_id")
        self._erasures = erasures.values_list("begun_id", flat=True).iterator()

    def problem(self, entry: LedgerEntry) -> str:
        """Return what is wrong between an entry and the tombstones that name it, or nothing."""
        buried = self._of(entry)
        named = set(entry.params.get("keys", ())) if entry.action in BURYING else set()
        if buried - named:
            return "a tombstone names an entry that erased nothing"
        if entry.action == "erasure.begun" and not self._is_on_record(entry):
            return "the erasure that this entry began is not on record any more"
        if entry.action == "erasure.done" and entry.params.get("begun") in self.unfinished:
            return "the erasure that this entry ended was opened again"
        if entry.seq not in self.unfinished and not _buried_elsewhere(named - buried):
            return "a key that this entry destroyed has no tombstone"
        return ""

    def _is_on_record(self, begun: LedgerEntry) -> bool:
        """Tell whether the row is there that was written in one transaction with this entry."""
        return begun.seq == next((seq for seq in self._erasures if seq >= begun.seq), None)

    def _of(self, entry: LedgerEntry) -> set[str]:
        keys: set[str] = set()
        while self._next and self._next[0] <= entry.seq:
            keys.add(self._next[1].hex)
            self._next = next(self._stones, None)
        return keys


def _buried_elsewhere(keys: set[str]) -> bool:
    """Tell whether other entries buried these keys: an erasure may name what another one ended."""
    return not keys or Tombstone.objects.filter(key_id__in=[UUID(key) for key in keys]).count() == len(keys)


def risen_key() -> int | None:
    """Return the entry (its number) that destroyed a key which is back, or ``None``."""
    risen = Tombstone.objects.filter(key_id__in=DataKey.objects.values("pk")).order_by("entry_id")
    return risen.values_list("entry_id", flat=True).first()


def forgotten_head() -> int:
    """Return the entry (its number) that the main database remembers and the ledger doesn't have, or 0.

    What it remembers from before the anchor can't be compared with anything.
    """
    head = LedgerHead.objects.filter(pk=1).first()
    if head is None or not head.seq or is_entry(head.seq, head.hash):
        return 0
    return head.seq if head.seq >= newest_anchor().seq else 0
