"""Consent of the requester of a ticket, taken back in one tap (Article 7(3))."""

from contextlib import suppress

from django.db import transaction

from helpdesk.models import Contact, Ticket
from helpdesk.services.tickets import TicketErased, close_for_requester
from privacy.models import Withdrawal
from privacy.services.erasing.erasure import erase_person
from privacy.services.people.consent import withdraw_consent
from privacy.services.rules.suspensions import Suspended


def withdraw(*, contact: Contact, form: str) -> bool:
    """Take back every consent of a contact, and let follow what the account chose.

    Their open tickets end; where the account erases, everything of theirs goes now, but for what a hold
    keeps. Returns whether anything was left to withdraw.
    """
    account = contact.account
    with transaction.atomic():
        withdrawn = withdraw_consent(account=account, person=contact, form=form)
        for ticket in Ticket.objects.filter(requester=contact).open().order_by("pk"):
            with suppress(TicketErased):
                close_for_requester(ticket=ticket)
    if account.withdrawal == Withdrawal.ERASE:
        with suppress(Suspended):  # a hold keeps a part, and says so to the agents
            erase_person(contact, reason="consent_withdrawn")
    return bool(withdrawn)
