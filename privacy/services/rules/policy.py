"""One rule as it is obeyed: when what falls under it leaves sight, and when it is erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from privacy.cadences import Cadence, Every
from privacy.models import AtEnd
from privacy.terms import Clock, Rule, Term

CONTINUOUS = Cadence(Every.CONTINUOUS)

Starts = Sequence[datetime | None]


@dataclass(frozen=True)
class Wait:
    """The cooling-off after a rule was changed at ``since``.

    What began before stays until ``until``, or until it would have gone under ``former``, the rule from
    before, if that is sooner: nothing waits that didn't become shorter. ``former`` may be waiting itself.
    """

    since: datetime
    until: datetime
    former: "Policy"


@dataclass(frozen=True)
class Policy:
    """How one category of an account is kept at this moment.

    ``version`` numbers the account's decisions, 0 for none. ``limited`` says that the plan's term is obeyed,
    since the account decided nothing or more than its plan allows; ``paused`` that a restore lost what was
    decided, so that everything is kept until somebody confirms the rule. ``wait`` is what came with the last
    change that made it shorter.

    Moments are asked for with the ``start`` of the term; ``earlier`` are the starts under :attr:`formers`,
    where these count from other moments.
    """

    account_id: int
    category: str
    zone: tzinfo
    term: Term
    clock: str = ""  # the usual one of the category
    cadence: Cadence = CONTINUOUS
    at_end: str = AtEnd.ERASE
    archive: Term | None = None
    version: int = 0
    limited: bool = False
    paused: bool = False
    wait: Wait | None = None

    @property
    def counts_from(self) -> str:
        """The clock that is asked: *at once* means when it is closed, whatever was counted before."""
        return Clock.CLOSED if self.term.rule == Rule.AT_ONCE else self.clock

    @property
    def formers(self) -> list["Policy"]:
        """The rules that this one waits for, newest first."""
        return [self.wait.former, *self.wait.former.formers] if self.wait else []

    @property
    def cooling_until(self) -> datetime | None:
        return self.wait.until if self.wait else None

    def is_cooling(self, now: datetime) -> bool:
        """Tell whether anything may still be waiting after a change."""
        return self.wait is not None and now < self.wait.until

    def ends_at(
        self, start: datetime | None, archived_at: datetime | None = None, *, earlier: Starts = ()
    ) -> datetime | None:
        """Return when the term that runs is over, of the archive for what is in it, whenever the run is."""
        if self.term.rule == Rule.KEEP:
            return None
        if self.archive and archived_at:
            end = self.archive.ends_at(archived_at, self.zone)
            return self._waited(end, start, archived_at, earlier, for_good=True)
        end = self.term.ends_at(start, self.zone)
        return self._waited(end, start, archived_at, earlier, for_good=self.archive is None)

    def leaves_at(
        self, start: datetime | None, archived_at: datetime | None = None, *, earlier: Starts = ()
    ) -> datetime | None:
        """Return when the run comes that takes it away from where it is: to the archive, or for good."""
        end = self.ends_at(start, archived_at, earlier=earlier)
        return end and self.cadence.next_run(end, self.zone)

    def erased_at(
        self, start: datetime | None, archived_at: datetime | None = None, *, earlier: Starts = ()
    ) -> datetime | None:
        """Return when the run comes that erases it; ``None`` for never or not yet."""
        leaves = self.leaves_at(start, archived_at, earlier=earlier)
        if leaves is None or self.archive is None or archived_at:
            return leaves
        end = self.archive.ends_at(leaves, self.zone)
        end = self._waited(end, start, archived_at, earlier, for_good=True)
        return end and self.cadence.next_run(end, self.zone)

    def latest_start(self, now: datetime) -> datetime | None:
        """Return a moment such that nothing that started later leaves at ``now``; ``None`` for never."""
        return self.term.latest_start(self.cadence.last_run(now, self.zone), self.zone)

    def latest_archived(self, now: datetime) -> datetime | None:
        """Return the same for what is in the archive, counted from when it came there."""
        if self.archive is None:
            return None
        return self.archive.latest_start(self.cadence.last_run(now, self.zone), self.zone)

    def _waited(
        self,
        end: datetime | None,
        start: datetime | None,
        archived_at: datetime | None,
        earlier: Starts,
        *,
        for_good: bool,
    ) -> datetime | None:
        """Return a later end where it waits after a change; ``for_good`` where the end is the data's."""
        wait = self.wait
        if wait is None or end is None or start is None or start >= wait.since or end >= wait.until:
            return end
        before, *rest = earlier or (start,)
        ask = wait.former.erased_at if for_good else wait.former.leaves_at
        would_go = ask(before, archived_at, earlier=rest)
        return max(end, min(would_go, wait.until)) if would_go else wait.until
