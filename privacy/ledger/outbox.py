"""Evidence in the transaction of the change, chained right after the commit."""

from typing import Any

from django.db import transaction

from privacy.ledger.canonical import checked
from privacy.ledger.chain import Event, append_events, last_entry, remember_head, remembered_seq
from privacy.models import LedgerEntry, OutboxLine

BATCH = 500


def record(action: str, *, account_id: int | None = None, **params: Any) -> None:
    """Write a line of evidence that is kept exactly if the change around it is.

    ``params`` hold codes, numbers, times and ids only; raises :class:`ValueError` otherwise.
    """
    OutboxLine.objects.create(action=action, account_id=account_id, params=checked(params))
    transaction.on_commit(drain_outbox, robust=True)


def drain_outbox() -> int:
    """Chain what waits in the outbox, oldest first; safe to run twice and in several processes.

    A crash between the ledger and the outbox chains nothing twice: entries carry the line's uid. The main
    database then knows how far the ledger has come, so that a cut of its end is noticed.
    """
    drained, last = 0, 0
    while lines := list(OutboxLine.objects.filter(pk__gt=last)[:BATCH]):
        append_events(
            Event(line.action, line.account_id, line.params, line.uid, line.created_at) for line in lines
        )
        _remember(lines)
        drained, last = drained + len(lines), lines[-1].pk
    if not drained and (newest := last_entry()):
        remember_head(newest)
    return drained


def _remember(lines: list[OutboxLine]) -> None:
    """Take lines out that the memory of the ledger has passed: until then they say whose decisions it has.

    Both at once: a crash in between would make a decision of this database look like one that it forgot.
    """
    uids = [line.uid for line in lines]
    with transaction.atomic():
        if newest := last_entry():
            remember_head(newest)
        passed = LedgerEntry.objects.filter(uid__in=uids, seq__lte=remembered_seq())
        known = set(passed.values_list("uid", flat=True))
        OutboxLine.objects.filter(pk__in=[line.pk for line in lines if line.uid in known]).delete()
