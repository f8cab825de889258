"""Masking slips before anything is stored, where the account wants it."""

from helpdesk.models import Account, Ticket
from privacy.slips import Masked, mask


def without_slips(text: str, *, account_id: int) -> Masked:
    """Return somebody's words as they may be stored, and the kinds of slips that were masked in them.

    Every service that stores what people type asks this, so that no form, bot or mail goes past it.
    """
    masked = mask(text)
    if not masked.kinds or Account.objects.filter(pk=account_id, mask_slips=True).exists():
        return masked
    return Masked(text)


def masked_when_opened(ticket: Ticket) -> str:
    """Return the codes of what was masked in the words that a ticket was opened with."""
    return ticket.messages.values_list("masked", flat=True).first() or ""
