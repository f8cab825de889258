"""Slips in a ticket: masked on every way in, in mail and marks too, with both sides told."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from helpdesk.models import Account, OutgoingMail, Ticket
from helpdesk.services.tickets import add_note, answer_ticket, reply_ticket
from privacy.services.tracing.traces import find_traces
from tests.helpdesk.tickets import (
    answer_of,
    form_of,
    opened,
    posted,
    requester_of,
    thread_of,
    visitor_with_link,
)

pytestmark = pytest.mark.django_db(transaction=True)

IBAN = "DE89370400440532013000"
NUMBER = "4111111111111111"
SLIP, MASKED = f"Pay to {IBAN}", "Pay to •••• 3000"
TOLD = "We masked a bank account number before storing it."


def test_form_masks_subject_and_message_and_says_so(client, account):
    answer = client.post(form_of(account), posted(account, subject=f"Card {NUMBER}", message=SLIP))

    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.messages.get().body) == ("Card •••• 1111", MASKED)
    assert ticket.messages.get().masked == "card iban"
    assert (
        answer.url
        == f"{reverse('ticket_sent', args=[account.public_id])}?{urlencode({'masked': 'card iban'})}"
    )
    told = "We masked a card number and a bank account number before storing them."
    assert told in client.get(answer.url).text


def test_page_of_thanks_tells_nothing_that_is_no_kind(client, account):
    page = client.get(reverse("ticket_sent", args=[account.public_id]), {"masked": "<b>your soul</b> mail"})

    assert "We masked" not in page.text
    assert "soul" not in page.text


def test_answer_is_masked_and_the_thread_says_so(account, agent_client):
    ticket = opened(account)
    browser = visitor_with_link(ticket)

    browser.post(answer_of(ticket), {"message": SLIP})

    assert ticket.messages.last().body == MASKED
    assert TOLD in browser.get(thread_of(ticket)).text
    assert TOLD in agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text


def test_agent_s_reply_and_note_are_masked_and_so_is_the_mail(account, agent):
    ticket = opened(account)

    reply_ticket(ticket=ticket, agent=agent, body=f"You wrote {IBAN}, right?")
    add_note(ticket=ticket, agent=agent, body=f"Their password is hunter2, {IBAN}")

    reply, note = list(ticket.messages.all())[-2:]
    assert (reply.body, note.body) == ("You wrote •••• 3000, right?", "Their password is ••••, •••• 3000")
    assert (reply.masked, note.masked) == ("iban", "iban password")
    mail = OutgoingMail.objects.get(template="ticket_replied")
    assert "•••• 3000" in mail.body
    assert IBAN not in mail.body


def test_same_slip_sent_twice_is_one_message(account, agent):
    ticket = opened(account)
    participant = requester_of(ticket)

    first = answer_ticket(participant=participant, body=SLIP)
    again = answer_ticket(participant=participant, body=SLIP)
    reply = reply_ticket(ticket=ticket, agent=agent, body=SLIP)
    reply_again = reply_ticket(ticket=ticket, agent=agent, body=SLIP)

    assert (first, reply) == (again, reply_again)
    assert ticket.messages.count() == 3


def test_form_sent_twice_with_a_slip_opens_one_ticket(client, account):
    values = posted(account, message=SLIP, once="0192f0c1-2345-7abc-8def-0123456789ab")

    answers = [client.post(form_of(account), values) for _time in range(2)]

    assert Ticket.objects.count() == 1
    assert answers[0].url == answers[1].url
    assert answers[0].url.endswith("?masked=iban")


def test_account_that_decided_so_stores_what_was_typed(account, agent):
    Account.objects.filter(pk=account.pk).update(mask_slips=False)
    account.refresh_from_db()

    ticket = opened(account, subject=f"Card {NUMBER}", message=SLIP)
    answer_ticket(participant=requester_of(ticket), body=f"{SLIP}!")
    reply_ticket(ticket=ticket, agent=agent, body=SLIP)

    bodies = [message.body for message in ticket.messages.all()]
    assert (ticket.subject, bodies) == (f"Card {NUMBER}", [SLIP, f"{SLIP}!", SLIP])
    assert {m.masked for m in ticket.messages.all()} == {""}


def test_nothing_of_a_slip_is_anywhere(client, account, agent, own_folders):
    client.post(form_of(account), posted(account, subject=f"Card {NUMBER}", message=SLIP, once="a-code"))
    ticket = Ticket.objects.get()
    answer_ticket(participant=requester_of(ticket), body=f"password: tr0ub4dor-3 and {SLIP}")
    reply_ticket(ticket=ticket, agent=agent, body=SLIP)
    add_note(ticket=ticket, agent=agent, body=SLIP)

    for text in (NUMBER, IBAN, "tr0ub4dor-3"):
        assert find_traces(text).places == {}, text
    assert find_traces(MASKED).places != {}
