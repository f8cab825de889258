"""Find any change, removal or cut in the ledger."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from privacy.ledger import mirror
from privacy.ledger.anchors import Anchor, anchor_problem, is_entry, newest_anchor
from privacy.ledger.canonical import GENESIS, link_of
from privacy.ledger.chain import last_entry
from privacy.ledger.heads import PublishedHeads, file_name, heads_folder, lost_head
from privacy.ledger.signing import is_signed, signing_key
from privacy.ledger.witnesses import Graves, MirrorLines, forgotten_head, risen_key
from privacy.models import LedgerEntry


class Finding(NamedTuple):
    """The state of the ledger: ``problem`` is empty where it is whole, ``entries`` count from its anchor."""

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


def verify(*, heads: Iterable[Path] = ()) -> Finding:
    """Walk the chain; hold it against signatures, mirror, the main database's memory and the tombstones.

    It is held against the published heads as well: those of the deployment, and those that were kept
    elsewhere, in the folders ``heads``.
    """
    return _verified(tuple(heads))[0]


def verify_up_to(seq: int) -> Finding:
    """Walk the chain from its anchor to this entry only."""
    walk = Walk(newest_anchor(), limit=seq)
    return walk.passed() or Finding(walk.entries, walk.head)


def _verified(heads: tuple[Path, ...] = ()) -> tuple[Finding, Checkpoint]:
    anchor = newest_anchor()
    while True:
        walk = Walk(anchor, heads=heads)
        finding = walk.finding()
        before, anchor = anchor, newest_anchor()
        if finding.ok or anchor == before:  # else what was being walked was cut off meanwhile
            return finding, walk.safe


class Watch:
    """Verification for those who ask all day long: what was found whole once is not walked again.

    What is changed in that part later is found by :func:`verify`. ``walked_all`` tells whether the last
    finding is about the whole ledger.
    """

    def __init__(self) -> None:
        self._known = Checkpoint()
        self.walked_all = False

    def finding(self) -> Finding:
        """Verify what was added since the last time, or everything where that fails."""
        (seq, head, _), anchor = self._known, newest_anchor()
        self.walked_all = False
        if seq > anchor.seq:
            if not is_entry(seq, head):
                problem = "the entry is not the one that stood here before"
                return Finding(seq - 1 - anchor.seq, head, seq, problem)
            walk = Walk(anchor, since=self._known)
            finding = walk.finding()
            if finding.ok:
                self._known = walk.safe
                return finding
        finding, safe = _verified()
        self.walked_all = True
        if finding.ok:
            self._known = safe
        return finding


class Walk:
    """One pass over the entries with their witnesses beside them, so that memory stays flat."""

    def __init__(
        self,
        anchor: Anchor,
        *,
        since: Checkpoint | None = None,
        limit: int | None = None,
        heads: Iterable[Path] = (),
    ) -> None:
        known = since.seq if since else 0
        self._anchor, since = anchor, since or Checkpoint(anchor.seq, anchor.hash)
        self._key = signing_key().public_key()
        # Listed before the last entry is looked up: whatever is listed has its entry by then.
        folders = [heads_folder(), *heads]
        self._heads = PublishedHeads(folders, after=since.seq, key=self._key, known=known)
        # Read before everything else: what is added meanwhile is left for the next time.
        last = last_entry()
        self._limit = limit if limit is not None else last.seq if last else 0
        self.seq, self.head, self.safe = since.seq, since.head, since
        self._mirror = MirrorLines(since.mirrored, after=anchor.seq)
        self._graves = Graves(after=since.seq, limit=self._limit)

    @property
    def entries(self) -> int:
        return self.seq - self._anchor.seq

    def finding(self) -> Finding:
        """Walk on to the end, or to the first entry with which something is wrong."""
        return self.passed() or self._ended()

    def passed(self) -> Finding | None:
        """Walk on to the limit; returns the first entry with which something is wrong, or ``None``."""
        if problem := self._heads.problem_before(self._anchor):
            return self._found(self.seq + 1, problem)
        with suppress(mirror.Unreadable):  # said with the line that can't be read
            mirror.reaches(self._limit)
        entries = LedgerEntry.objects.filter(seq__gt=self.seq, seq__lte=self._limit).order_by("seq")
        for entry in entries.iterator():
            if problem := self._broken(entry) or self._doubted(entry):
                return self._found(self.seq + 1, problem)
            self._pass(entry)
        return None

    def _broken(self, entry: LedgerEntry) -> str:
        if entry.seq != self.seq + 1:
            return f"entry {self.seq + 1} is missing"
        if entry.prev_hash != self.head:
            return "the entry does not follow the one before it"
        if entry.hash != link_of(entry):
            return "the entry was changed"
        return (
            "" if is_signed(entry.hash, entry.signature, key=self._key) else "the entry is not signed by us"
        )

    def _doubted(self, entry: LedgerEntry) -> str:
        return (
            anchor_problem(entry)
            or self._mirror.problem(entry)
            or self._graves.problem(entry)
            or self._heads.problem(entry)
        )

    def _pass(self, entry: LedgerEntry) -> None:
        self.seq, self.head = entry.seq, entry.hash
        # Behind an erasure that is not done yet its tombstones are still to be looked at.
        if entry.seq < min(self._graves.unfinished, default=self._limit + 1):
            self.safe = Checkpoint(entry.seq, entry.hash, self._mirror.offset)

    def _ended(self) -> Finding:
        if forgotten := forgotten_head():
            return self._found(min(forgotten, self.seq + 1), "the main database remembers another entry here")
        if problem := self._mirror.problem_beyond():
            return self._found(self.seq + 1, problem)
        if missed := self._heads.missed():
            return self._found(
                min(missed, self.seq + 1), "a published head names an entry that is not there any more"
            )
        if lost := lost_head(self._limit):
            name = file_name({"seq": lost.seq, "hash": lost.hash})
            return self._found(lost.seq, f"the published head {name} is not in its folder any more")
        if risen := risen_key():
            return self._found(risen, "a key that this entry destroyed is back")
        return Finding(self.entries, self.head)

    def _found(self, seq: int, problem: str) -> Finding:
        return Finding(self.entries, self.head, seq, problem)
