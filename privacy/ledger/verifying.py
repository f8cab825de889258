"""Find any change, removal or cut in the ledger."""

from contextlib import suppress
from typing import NamedTuple

from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS, link
from privacy.ledger.chain import last_entry
from privacy.ledger.signing import is_signed, signing_key
from privacy.ledger.witnesses import Graves, MirrorLines, forgotten_head, is_entry, risen_key
from privacy.models import LedgerEntry


class Finding(NamedTuple):
    """The state of the ledger: ``problem`` is empty where it is whole."""

    entries: int
    head: str
    broken_seq: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


class Checkpoint(NamedTuple):
    """How far the ledger was found whole, and how many bytes of its mirror that is."""

    seq: int = 0
    head: str = GENESIS
    mirrored: int = 0


START = Checkpoint()


def verify() -> Finding:
    """Walk the chain; hold it against signatures, mirror, the main database's memory and the tombstones."""
    return Walk(START).finding()


class Watch:
    """Verification for those who ask all day long: what was found whole once is not walked again.

    What is changed in that part later is found by :func:`verify`.
    """

    def __init__(self) -> None:
        self._known = START

    def finding(self) -> Finding:
        """Verify what was added since the last time, or everything where that fails."""
        seq, head, _ = self._known
        if seq and not is_entry(seq, head):
            return Finding(seq - 1, head, seq, "the entry is not the one that stood here before")
        for since in dict.fromkeys([self._known, START]):
            walk = Walk(since)
            finding = walk.finding()
            if finding.ok:
                self._known = walk.safe
                break
        return finding


class Walk:
    """One pass over the entries with their witnesses beside them, so that memory stays flat."""

    def __init__(self, since: Checkpoint) -> None:
        # Read before everything else: what is added meanwhile is left for the next time.
        last = last_entry()
        self.limit = last.seq if last else 0
        self.seq, self.head, self.safe = since.seq, since.head, since
        self._mirror = MirrorLines(since.mirrored)
        self._graves = Graves(after=since.seq, limit=self.limit)
        self._key = signing_key().public_key()

    def finding(self) -> Finding:
        """Walk on to the end, or to the first entry with which something is wrong."""
        with suppress(mirror.Unreadable):  # said with the line that can't be read
            mirror.reaches(self.limit)
        entries = LedgerEntry.objects.filter(seq__gt=self.seq, seq__lte=self.limit).order_by("seq")
        for entry in entries.iterator():
            problem = self._broken(entry) or self._mirror.problem(entry) or self._graves.problem(entry)
            if problem:
                return self._found(self.seq + 1, problem)
            self._pass(entry)
        return self._ended()

    def _broken(self, entry: LedgerEntry) -> str:
        if entry.seq != self.seq + 1:
            return f"entry {self.seq + 1} is missing"
        if entry.prev_hash != self.head:
            return "the entry does not follow the one before it"
        if entry.hash != link(
            seq=entry.seq,
            uid=entry.uid,
            at=entry.at,
            account_id=entry.account_id,
            action=entry.action,
            params=entry.params,
            prev=self.head,
        ):
            return "the entry was changed"
        return (
            "" if is_signed(entry.hash, entry.signature, key=self._key) else "the entry is not signed by us"
        )

    def _pass(self, entry: LedgerEntry) -> None:
        self.seq, self.head = entry.seq, entry.hash
        # Behind an erasure that is not done yet its tombstones are still to be looked at.
        if entry.seq < min(self._graves.unfinished, default=self.limit + 1):
            self.safe = Checkpoint(entry.seq, entry.hash, self._mirror.offset)

    def _ended(self) -> Finding:
        if forgotten := forgotten_head():
            return self._found(min(forgotten, self.seq + 1), "the main database remembers another entry here")
        if problem := self._mirror.problem_beyond():
            return self._found(self.seq + 1, problem)
        if risen := risen_key():
            return self._found(risen, "a key that this entry destroyed is back")
        return Finding(self.seq, self.head)

    def _found(self, seq: int, problem: str) -> Finding:
        return Finding(self.seq, self.head, seq, problem)
