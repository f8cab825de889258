"""Tickets that were closed or opened again, and people who became one, after the backup that was restored."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from helpdesk.models import Contact, Ticket
from helpdesk.services.contacts import hand_over
from privacy import ledger
from privacy.ledger.decisions import Found, Outcome
from privacy.models import LedgerEntry
from privacy.services.restoring.pseudonyms import with_references


def rebuild_tickets(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Close and open tickets again: what is open must not be erased by the clock of an earlier close."""
    of_account: dict[int | None, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        of_account[entry.account_id].append(entry)
    for account_id, said in of_account.items():
        names = {entry.params.get("ticket", "") for entry in said}
        matches = with_references(Ticket._base_manager.filter(account_id=account_id), names)
        for entry in said:
            ticket: Any = matches.rows.get(entry.params.get("ticket", ""))
            if ticket is not None:
                _move(ticket, entry)
                yield Found(entry, Outcome.REBUILT)
            elif matches.unsure:
                yield Found(entry, Outcome.PAUSED, category="ticket")


def rebuild_mergings(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Hand over again what had become another contact's, before the erasure of the one that it was.

    Where the ledger doesn't say whose it was it stays with somebody without name and address.
    """
    for entry in entries:
        contacts = Contact._base_manager.filter(account_id=entry.account_id)
        old = _marked(contacts, entry.params.get("mark", ""))
        new: Any = with_references(contacts, [entry.params.get("contact", "")]).rows.get(
            entry.params.get("contact", "")
        )
        if old and new:
            hand_over(old, new, subject=entry.params["merged"])
        yield Found(entry, Outcome.REBUILT if old and new else Outcome.LOST)


def _move(ticket: Ticket, entry: LedgerEntry) -> None:
    closes = entry.action == "ticket.closed"
    ticket.status = Ticket.Status.CLOSED if closes else Ticket.Status.OPEN
    ticket.closed_at = entry.at if closes else None
    ticket.archived_at = None
    ticket.last_activity_at = max(ticket.last_activity_at, entry.at)
    ticket.save(update_fields=["status", "closed_at", "archived_at", "last_activity_at"])


def _marked(contacts: QuerySet, mark: str) -> Any:
    ids = contacts.values_list("pk", flat=True).iterator() if mark else ()
    pk = next((pk for pk in ids if ledger.mark(pk) == mark), None)
    return contacts.filter(pk=pk).first() if pk else None
