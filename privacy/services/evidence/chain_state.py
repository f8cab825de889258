"""What is known about the chain: pages show it, and none of them waits for a whole walk.

The last walk through all of it, and a break, stand in the database, for all processes. What was looked at
since, each process knows for itself.
"""

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from privacy.ledger import Finding, Watch, verify
from privacy.ledger.anchors import newest_anchor
from privacy.ledger.chain import last_entry
from privacy.models import LedgerEntry, LedgerWalk

SHORT_TAIL = 2000  # entries: what a page verifies by itself; more waits for `/readyz` or for the button
FRESH = timedelta(seconds=60)


class Known(NamedTuple):
    """What was found the last time, when, and how many entries came since; no finding before the first.

    ``walked`` entries were whole when all of them were walked the last time, at ``walked_at``; what came
    later was looked at once, when it came.
    """

    finding: Finding | None = None
    at: datetime | None = None
    unseen: int = 0
    walked: int = 0
    walked_at: datetime | None = None


class ChainState:
    """The finding that readiness and the pages of this process share."""

    def __init__(self) -> None:
        self._watch, self._looking = Watch(), threading.Lock()
        self._finding: Finding | None = None
        self._at: datetime | None = None

    def look(self) -> Finding:
        """Verify what came since the last time, remember the finding and return it.

        Where the ledger was found broken, everything is verified: only that can say that it is whole again.
        """
        with self._looking:
            return self._look()

    def verify(self) -> Finding:
        """Verify everything anew, however long that takes, remember the finding and return it."""
        began = timezone.now()
        return self._remember(verify(), began, walked_all=True)

    def known(self) -> Known:
        """Return what is known; looks first where that is old and only a short tail is new."""
        if self._is_quickly_seen(_last_walk()) and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._known(_last_walk())

    def _known(self, walk: LedgerWalk) -> Known:
        if walk.problem:
            broken = Finding(walk.entries, walk.head, walk.broken_seq, walk.problem)
            return Known(broken, walk.broken_at, self._unseen(), walk.entries, walk.walked_at)
        finding, at = self._finding, self._at
        if finding is None and walk.walked_at is not None:
            finding, at = Finding(walk.entries, walk.head), walk.walked_at
        return Known(finding, at, self._unseen(), walk.entries, walk.walked_at)

    def _is_quickly_seen(self, walk: LedgerWalk) -> bool:
        is_fresh = self._at is not None and timezone.now() - self._at < FRESH and not self._unseen()
        # A break is looked at from the beginning each time, which is not quick.
        # Where there is nothing to see nothing is looked at: the first look would make the key of the ledger.
        return not (is_fresh or walk.problem) and last_entry() is not None and self._unseen() <= SHORT_TAIL

    def _unseen(self) -> int:
        newest = last_entry()
        seen = self._finding.entries if self._finding else 0
        return max(0, newest.seq - newest_anchor().seq - seen) if newest else 0

    def _look(self) -> Finding:
        began = timezone.now()
        finding = self._watch.finding()
        if finding.ok and not self._watch.walked_all and _last_walk().problem:
            return self.verify()
        return self._remember(finding, began, walked_all=self._watch.walked_all)

    def _remember(self, finding: Finding, began: datetime, *, walked_all: bool) -> Finding:
        now = timezone.now()
        if not finding.ok:
            _note(broken_at=now, broken_seq=finding.broken_seq, problem=finding.problem)
            return finding
        self._finding, self._at = finding, now
        if walked_all:
            _note(walked_at=now, entries=finding.entries, head=finding.head)
            # A break that somebody else found during this walk stays: the walk may have passed it before.
            whole = LedgerWalk.objects.filter(Q(broken_at=None) | Q(broken_at__lte=began))
            whole.update(broken_at=None, broken_seq=None, problem="")
        return finding


def _last_walk() -> LedgerWalk:
    return LedgerWalk.objects.filter(pk=1).first() or LedgerWalk()


def _note(**found) -> None:
    LedgerWalk.objects.update_or_create(pk=1, defaults=found)


chain_state = ChainState()


def newest_publication() -> LedgerEntry | None:
    """Return the entry that says when a head of the chain was last published outside, if ever."""
    return LedgerEntry.objects.filter(action="head.published").order_by("-seq").first()
