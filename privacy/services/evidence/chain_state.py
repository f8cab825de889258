"""What this process knows about the chain: pages show it, and none of them waits for a whole walk."""

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from privacy.ledger import Finding, Watch, verify
from privacy.ledger.anchors import newest_anchor
from privacy.ledger.chain import last_entry
from privacy.models import LedgerEntry

SHORT_TAIL = 2000  # entries: what a page verifies by itself; more waits for `/readyz` or for the button
FRESH = timedelta(seconds=60)


class Known(NamedTuple):
    """What was found the last time, when, and how many entries came since; no finding before the first."""

    finding: Finding | None = None
    at: datetime | None = None
    unseen: int = 0


class ChainState:
    """The finding that readiness and the pages of this process share."""

    def __init__(self) -> None:
        self._watch, self._looking = Watch(), threading.Lock()
        self._finding: Finding | None = None
        self._at: datetime | None = None

    def look(self) -> Finding:
        """Verify what came since the last time, remember the finding and return it."""
        with self._looking:
            return self._look()

    def verify(self) -> Finding:
        """Verify everything anew, however long that takes, remember the finding and return it."""
        return self._remember(verify())

    def known(self) -> Known:
        """Return what is known; looks first where that is old and only a short tail is new."""
        if self._is_quickly_seen() and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return Known(self._finding, self._at, self._unseen())

    def _is_quickly_seen(self) -> bool:
        is_fresh = self._at is not None and timezone.now() - self._at < FRESH and not self._unseen()
        # A break is looked at from the beginning each time, which is not quick.
        is_broken = self._finding is not None and not self._finding.ok
        # Where there is nothing to see nothing is looked at: the first look would make the key of the ledger.
        return not (is_fresh or is_broken) and last_entry() is not None and self._unseen() <= SHORT_TAIL

    def _unseen(self) -> int:
        newest = last_entry()
        seen = self._finding.entries if self._finding else 0
        return max(0, newest.seq - newest_anchor().seq - seen) if newest else 0

    def _look(self) -> Finding:
        return self._remember(self._watch.finding())

    def _remember(self, finding: Finding) -> Finding:
        self._finding, self._at = finding, timezone.now()
        return finding


chain_state = ChainState()


def newest_publication() -> LedgerEntry | None:
    """Return the entry that says when a head of the chain was last published outside, if ever."""
    return LedgerEntry.objects.filter(action="head.published").order_by("-seq").first()
