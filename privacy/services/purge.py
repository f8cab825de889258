"""The promise: one pass over everything that is due. Beat runs it; a second pass finds nothing to do."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, OperationalError
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import PersonalData, declarations, roots
from privacy.ledger.signing import signing_key
from privacy.models import RetentionPolicy
from privacy.services.erasure import (
    ErasureIncomplete,
    batch_size,
    clock_runs,
    erase_units,
    finish_open_erasures,
)

log = logging.getLogger(__name__)


@dataclass
class PurgeReport:
    """What a pass found and did, in units; ``overdue_seconds_max`` is how late the latest one was."""

    due: int = 0
    erased: int = 0
    held: int = 0
    failed: int = 0
    overdue_seconds_max: int = 0
    by_category: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"by_category": dict(self.by_category)}


def purge(
    *, account_id: int | None = None, dry_run: bool = False, now: datetime | None = None
) -> PurgeReport:
    """Erase everything that is due, of one account or of all, and return what was done.

    With ``dry_run`` nothing is changed and ``erased`` is zero. A unit that fails is counted, logged and
    tried again by the next pass; it never stops the others.
    """
    now = now or timezone.now()
    report = PurgeReport()
    if not dry_run:
        signing_key()  # raises before anything is begun that the ledger could not take
        finish_open_erasures()
    for policy in _policies(account_id):
        for root in roots():
            if root.category == policy.category and root.clock:
                _purge_units(root, policy, now, dry_run, report)
    if account_id is None:
        _purge_by_term(now, dry_run, report)
    if not dry_run:
        vault.forget_deleted_pages()
    return report


def _policies(account_id: int | None):
    policies = RetentionPolicy.objects.order_by("pk")
    return policies if account_id is None else policies.filter(account_id=account_id)


def _purge_units(
    root: PersonalData, policy: RetentionPolicy, now: datetime, dry_run: bool, report: PurgeReport
) -> None:
    for batch in _due_batches(root, policy, now):
        report.due += len(batch)
        report.by_category[root.category] += len(batch)
        late = max(now - due_at for _, due_at in batch)
        report.overdue_seconds_max = max(report.overdue_seconds_max, int(late.total_seconds()))
        if not dry_run:
            _erase(root, policy, [pk for pk, _ in batch], report)


def _due_batches(
    root: PersonalData, policy: RetentionPolicy, now: datetime
) -> Iterator[list[tuple[Any, datetime]]]:
    """Yield what is due as (id, due moment), oldest clock first; a failing unit is passed by."""
    latest = policy.term.latest_start(now)
    if latest is None:
        return
    rows = root.rows().filter(account_id=policy.account_id, **{f"{root.clock}__lte": latest})
    rows = rows.order_by(root.clock, "pk")
    after: tuple[datetime, Any] | None = None
    while page := list(_after(rows, root.clock, after).values_list("pk", root.clock)[: batch_size()]):
        after = page[-1][1], page[-1][0]
        due = [(pk, policy.term.ends_at(start)) for pk, start in page]
        batch = [(pk, due_at) for pk, due_at in due if due_at is not None and due_at <= now]
        if batch:
            yield batch


def _after(rows, clock: str, after: tuple[datetime, Any] | None):
    if after is None:
        return rows
    moment, pk = after
    return rows.filter(**{f"{clock}__gt": moment}) | rows.filter(**{clock: moment, "pk__gt": pk})


def _erase(root: PersonalData, policy: RetentionPolicy, ids: list, report: PurgeReport) -> None:
    """Erase a batch; where it fails, halve it until only the units that fail are left."""
    try:
        report.erased += erase_units(
            root.model, ids, account_id=policy.account_id, reason="retention", still=clock_runs(root)
        )
    except Exception as error:
        log.exception("A batch of %s could not be erased.", root.model._meta.label)
        # The rows are gone, or the database is: trying smaller batches changes nothing.
        if len(ids) == 1 or isinstance(error, ErasureIncomplete | OperationalError):
            report.failed += len(ids)
            return
        _erase(root, policy, ids[: len(ids) // 2], report)
        _erase(root, policy, ids[len(ids) // 2 :], report)


def _purge_by_term(now: datetime, dry_run: bool, report: PurgeReport) -> None:
    for declared in declarations():
        if declared.term is not None:
            _purge_old_rows(declared, now, dry_run, report)


def _purge_old_rows(declared: PersonalData, now: datetime, dry_run: bool, report: PurgeReport) -> None:
    """Delete rows that belong to no unit and whose platform term is over."""
    rows = declared.rows().filter(**{f"{declared.since}__lt": now - (declared.term or timedelta())})
    due = rows.count()
    if not due:
        return
    report.due += due
    report.by_category[declared.category] += due
    if not dry_run:
        try:
            deleted = declared.erase(rows)
        except DatabaseError:
            log.exception("Old rows of %s could not be deleted.", declared.model._meta.label)
            report.failed += due
            return
        ledger.append("rows.purged", model=declared.model._meta.label_lower, rows=deleted)
        report.erased += deleted
