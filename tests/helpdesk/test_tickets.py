"""The course of a ticket."""

import pytest

from helpdesk.models import Contact, Ticket, TicketMessage
from helpdesk.services.tickets import open_ticket
from privacy.services.consent import current_notice

pytestmark = pytest.mark.django_db


def opened(account, **values):
    words = {"name": "Vera", "email": "vera@mail.example", "subject": "Torn page", "message": "Page nine."}
    agreed = {"agreed": True, "notice": current_notice(account)}
    return open_ticket(account=account, **words | agreed | values)


def test_opened_ticket_has_a_number_and_a_contact_of_its_own(account):
    first, second = opened(account), opened(account)

    assert (first.number, second.number) == (1, 2)
    assert first.requester != second.requester
    assert Contact.objects.filter(verified_at=None).count() == 2
    assert [m.body for m in TicketMessage.objects.filter(ticket=first)] == ["Page nine."]
    assert Ticket.objects.get(pk=first.pk).subject == "Torn page"
