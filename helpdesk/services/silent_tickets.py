"""Closing tickets in which nothing happens any more, so that their time can end."""

import logging
from datetime import datetime

from django.utils import timezone
from django.utils.translation import ngettext

from helpdesk.models import Account, Ticket
from helpdesk.services.silence import silent, silent_since
from helpdesk.services.tickets import close_silent_ticket
from privacy.categories import Category

log = logging.getLogger(__name__)

BATCH = 200


def silence_in_words(account: Account) -> str:
    """Return as a sentence for visitors when an account closes a ticket in which nobody writes."""
    days = account.silent_ticket_days
    return ngettext(
        "A ticket in which nobody writes for %(days)d day is closed, and its time begins.",
        "A ticket in which nobody writes for %(days)d days is closed, and its time begins.",
        days,
    ) % {"days": days}


def close_silent_tickets(*, now: datetime | None = None) -> int:
    """Close tickets in which nobody wrote for as long as their account allows; returns how many.

    It makes no difference whether the account is switched off: what is stored there ends, too.
    """
    now = now or timezone.now()
    return sum(_close_those_of(account, now) for account in Account.objects.order_by("pk"))


def _close_those_of(account: Account, now: datetime) -> int:
    closed, last, since = 0, None, silent_since(account, Category.TICKET, now)
    rows = Ticket.objects.open().filter(silent(account, Category.TICKET, now), account=account).order_by("pk")
    while found := list((rows.filter(pk__gt=last) if last else rows)[:BATCH]):
        last = found[-1].pk
        closed += sum(_close(ticket, since=since) for ticket in found)
    return closed


def _close(ticket: Ticket, *, since: datetime) -> bool:
    try:
        return close_silent_ticket(ticket=ticket, since=since)
    except Exception:  # one that can't be closed, such as after the loss of its key, never stops the others
        log.exception("Ticket %s is silent and could not be closed.", ticket.pk)
        return False
