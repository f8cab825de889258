"""The promise: one pass over everything that is due. Beat runs it; a second pass finds nothing to do."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import PersonalData, declarations, delete
from privacy.ledger.signing import signing_key
from privacy.services.erasing.ended import ended_parts, erase_ended
from privacy.services.erasing.erasure import is_over
from privacy.services.erasing.halving import erase_what_can_be
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.runs import Run, settle, settle_open_runs
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.rules.archive import put_away
from privacy.services.rules.due import Due, everything_due, promising
from privacy.services.rules.policies import Policy, policies_in_force
from privacy.services.rules.suspensions import stopped_among

log = logging.getLogger(__name__)


@dataclass
class PurgeReport:
    """What a pass found and did, in units; ``overdue_seconds_max`` is how late the latest one was."""

    due: int = 0
    erased: int = 0
    archived: int = 0
    held: int = 0
    failed: int = 0
    overdue_seconds_max: int = 0
    by_category: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"by_category": dict(self.by_category)}

    def add(self, category: str, due: Iterable[Due], now: datetime) -> None:
        for each in due:
            self.due += 1
            self.by_category[category] += 1
            self.overdue_seconds_max = max(self.overdue_seconds_max, int((now - each.at).total_seconds()))


def purge(
    *, account_id: int | None = None, dry_run: bool = False, now: datetime | None = None
) -> PurgeReport:
    """Erase everything that is due, of one account or of all, and return what was done.

    With ``dry_run`` nothing is changed and ``erased`` is zero. What a hold stops is counted as held, and not
    as due. A unit that fails is counted, logged and tried again by the next pass; it never stops the others.
    """
    now = now or timezone.now()
    report = PurgeReport()
    if not dry_run:
        signing_key()  # raises before anything is begun that the ledger could not take
        finish_open_erasures()
        settle_open_runs()
    rules = list(policies_in_force(account_id))
    wanted = promising(rules, now)
    rules = [policy for policy in rules if (policy.account_id, policy.category) in wanted]
    for account, policies in groupby(rules, lambda policy: policy.account_id):
        run = Run(account)
        for policy in policies:
            run.version = policy.version
            _purge_category(policy, now, dry_run, report, run)
        if not dry_run:
            settle(run)
    _purge_ended(account_id, now, dry_run, report)
    if account_id is None:
        _purge_by_platform(now, dry_run, report)
    if not dry_run:
        vault.forget_deleted_pages()
    return report


def _purge_category(policy: Policy, now: datetime, dry_run: bool, report: PurgeReport, run: Run) -> None:
    for declared, batch in everything_due(policy, now):
        report.add(policy.category, [*batch.erase, *batch.archive], now)
        report.held += batch.held
        run.held += batch.held
        if dry_run:
            continue
        if batch.archive:
            archived = put_away(declared, [pk for pk, _ in batch.archive], policy=policy, now=now)
            report.archived += archived
            run.archived += archived
        if batch.erase:
            ids = [pk for pk, _ in batch.erase]
            run.go_on()
            (_erase_units if declared.is_root else _erase_rows)(declared, ids, policy, report, run)


def _erase_units(unit: PersonalData, ids: list, policy: Policy, report: PurgeReport, run: Run) -> None:
    reason = Reason.of_policy("retention", policy, run=run.code)
    erasures, failed = erase_what_can_be(unit, ids, reason=reason, still=is_over(unit))
    label = unit.model._meta.label_lower
    for said in (erasure.begun.params for erasure in erasures):
        if said["unit"] == label:
            report.erased += said["units"]
        else:  # people of whom nothing was left
            report.by_category[said["category"]] += said["units"]
    report.failed += failed
    run.failed += failed


def _erase_rows(declared: PersonalData, ids: list, policy: Policy, report: PurgeReport, run: Run) -> None:
    try:
        report.erased += _delete_unstopped(declared, ids, policy, run)
    except DatabaseError:
        log.exception("Old rows of %s could not be deleted.", declared.model._meta.label)
        report.failed += len(ids)
        run.failed += len(ids)


def _delete_unstopped(declared: PersonalData, ids: list, policy: Policy, run: Run) -> int:
    with transaction.atomic():
        ripe = declared.rows().filter(declared.ripe, pk__in=ids)
        locked = ripe.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        deleted = delete(declared.rows().filter(pk__in=set(ids) - stopped_among(declared, ids)))
        if deleted:
            ledger.record(
                "rows.purged",
                account_id=policy.account_id,
                model=declared.model._meta.label_lower,
                category=policy.category,
                version=policy.version,
                rows=deleted,
                run=run.code,
            )
        return deleted


def _purge_ended(account_id: int | None, now: datetime, dry_run: bool, report: PurgeReport) -> None:
    """Erase what says itself when it goes, whatever the rule of its unit."""
    for ended in ended_parts(now, account_id=account_id):
        report.add(ended.part.category, ended.due, now)
        report.held += ended.held
        if ended.due and not dry_run:
            erased, failed = erase_ended(ended, now=now)
            report.erased += erased
            report.failed += failed


def _purge_by_platform(now: datetime, dry_run: bool, report: PurgeReport) -> None:
    """Delete old rows of which no account decides."""
    for declared in declarations():
        if declared.term is None:
            continue
        rows = declared.rows().filter(**{f"{declared.since}__lt": now - (declared.term or timedelta())})
        due = rows.count()
        if not due:
            continue
        report.due += due
        report.by_category[declared.category] += due
        if not dry_run:
            _delete_old(declared, rows, due, report)


def _delete_old(declared: PersonalData, rows: Any, due: int, report: PurgeReport) -> None:
    try:
        with transaction.atomic():
            deleted = delete(rows)
            if deleted:
                ledger.record("rows.purged", model=declared.model._meta.label_lower, rows=deleted)
    except DatabaseError:
        log.exception("Old rows of %s could not be deleted.", declared.model._meta.label)
        report.failed += due
        return
    report.erased += deleted
