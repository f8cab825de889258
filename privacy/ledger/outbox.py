"""Evidence in the transaction of the change, chained right after the commit."""

from typing import Any

from django.db import transaction

from privacy.ledger.canonical import checked
from privacy.ledger.chain import Event, append_events, last_entry, remember_head
from privacy.models import OutboxLine

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
    drained = 0
    while lines := list(OutboxLine.objects.all()[:BATCH]):
        append_events(
            Event(line.action, line.account_id, line.params, line.uid, line.created_at) for line in lines
        )
        OutboxLine.objects.filter(pk__in=[line.pk for line in lines]).delete()
        drained += len(lines)
    if newest := last_entry():
        remember_head(newest)
    return drained
