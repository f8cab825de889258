"""The receipt of a run: counted from the ledger, so that it says what its erasures say, however it ended."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from privacy import ledger
from privacy.ledger.chain import lock_writers
from privacy.models import Erasure, LedgerEntry, OpenRun
from privacy.routers import VAULT

RUN, ROWS = "purge.run", "rows.purged"
IN_PROGRESS = timedelta(seconds=10)  # whoever runs says so before each batch


@dataclass
class Run:
    """What one pass does for one account. ``version`` is that of the policy it obeys."""

    account_id: int
    version: int = 0
    started: datetime = field(default_factory=timezone.now)
    code: str = field(default_factory=lambda: uuid4().hex)
    since: int | None = None
    held: int = 0
    failed: int = 0
    archived: int = 0

    def go_on(self) -> None:
        """Say that this run is at work; must come before each batch that it erases."""
        now = timezone.now()
        if OpenRun.objects.filter(pk=self.code).update(seen_at=now, version=self.version):
            return
        if self.since is None:
            newest = ledger.last_entry()
            self.since = newest.seq if newest else 0
        OpenRun.objects.create(
            code=self.code,
            account_id=self.account_id,
            version=self.version,
            since=self.since,
            started_at=self.started,
            seen_at=now,
        )


@dataclass
class Done:
    """What the ledger says that a run erased, and no receipt says yet."""

    counts: Counter[str]
    erasures: int
    first: int
    last: int


def settle(run: Run) -> None:
    """Write the receipt of a run, unless it did nothing that another receipt doesn't say.

    Nobody chains an entry meanwhile, so what one receipt leaves out, the next one of this run has.
    """
    if run.since is not None:
        ledger.drain_outbox()  # rows that were deleted say so there first
    with transaction.atomic(using=VAULT):
        lock_writers()
        since = _receipted(run)
        done = _done(run, since)
        if done.counts or run.archived or run.failed:
            ledger.append(
                RUN,
                account_id=run.account_id,
                run=run.code,
                started=run.started,
                finished=timezone.now(),
                version=run.version,
                since=since,
                first=done.first,
                last=done.last,
                erasures=done.erasures,
                held=run.held,
                failed=run.failed,
                archived=run.archived,
                **{f"erased_{category}": count for category, count in sorted(done.counts.items())},
            )
        if not Erasure.objects.filter(done=None, begun__params__run=run.code).exists():
            OpenRun.objects.filter(pk=run.code).delete()


def settle_open_runs(*, older_than: timedelta = IN_PROGRESS) -> None:
    """Write the receipts of runs that were killed, and of what was finished for them since."""
    for left in OpenRun.objects.filter(seen_at__lte=timezone.now() - older_than).order_by("since", "code"):
        settle(Run(left.account_id, left.version, left.started_at, left.code, left.since))


def erasures_of_run(account_id: int | None, code: str, *, since: int, last: int | None = None) -> QuerySet:
    """Return the erasures of a run that were done after an entry, and up to another one.

    Those that found everything gone, as a batch that failed and went in halves does, are none.
    """
    done = Erasure.objects.filter(
        account_id=account_id, done__gt=since, done__params__run=code, done__params__units__gt=0
    )
    return done if last is None else done.filter(done__lte=last)


def _receipted(run: Run) -> int:
    """Return the entry after which nothing of this run has a receipt."""
    since = run.since or 0
    if run.since is None:
        return since
    said = LedgerEntry.objects.filter(action=RUN, seq__gt=since, params__run=run.code)
    return said.order_by("-seq").values_list("seq", flat=True).first() or since


def _done(run: Run, since: int) -> Done:
    if run.since is None:
        return Done(Counter(), 0, 0, 0)
    erased = (
        erasures_of_run(run.account_id, run.code, since=since)
        .order_by()
        .values_list("begun", "done", "begun__params__category", "done__params__units")
    )
    said = LedgerEntry.objects.filter(account_id=run.account_id, action=ROWS, params__run=run.code)
    rows = said.filter(seq__gt=since).order_by().values_list("seq", "seq", "params__category", "params__rows")
    counts: Counter[str] = Counter()
    erasures, seen = list(erased), []
    for first, last, category, number in [*erasures, *rows]:
        counts[category] += number
        seen += [first, last]
    return Done(+counts, len(erasures), min(seen, default=0), max(seen, default=0))
