"""What the tests of tickets begin with: a ticket opened by its form, and the two sides of it."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from helpdesk.models import Account, Ticket, TicketParticipant
from helpdesk.services.tickets import open_ticket
from helpdesk.ticket_links import token_of
from privacy.services.people.consent import Given
from privacy.services.people.notices import current_notice

WORDS = {
    "name": "Vera",
    "email": "vera@mail.example",
    "subject": "Torn page",
    "message": "Page nine is torn.",
}


def opened(account: Account, **values) -> Ticket:
    """Open a ticket with consent."""
    agreed = {"given": Given.to_all(current_notice(account))}
    return open_ticket(account=account, **WORDS | agreed | values)


def posted(asked: Account, **values) -> dict:
    """Return what a browser sends when the form is filled in and agreed to."""
    return WORDS | {"consent_answer": "on", "notice": current_notice(asked).version} | values


def form_of(account: Account) -> str:
    return reverse("ticket_new", args=[account.public_id])


def thread_of(ticket: Ticket) -> str:
    return reverse("ticket_thread", args=[ticket.pk])


def answer_of(ticket: Ticket) -> str:
    return reverse("ticket_answer", args=[ticket.pk])


def requester_of(ticket: Ticket) -> TicketParticipant:
    return TicketParticipant.objects.select_related("contact").get(ticket=ticket)


def visitor_with_link(ticket: Ticket) -> Client:
    """Return a browser in which the link of the mail was opened."""
    client = Client()
    client.post(reverse("ticket_open"), {"token": token_of(requester_of(ticket))})
    return client


def pdf(name: str = "page.pdf", content: bytes = b"%PDF torn") -> SimpleUploadedFile:
    """Return an upload that lies about what it is."""
    return SimpleUploadedFile(name, content, content_type="text/html")
