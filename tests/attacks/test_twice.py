"""Whoever clicks twice, or sends again because the answer got lost, says it once."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from freezegun import freeze_time

from helpdesk.models import OutgoingMail, Ticket, TicketMessage
from helpdesk.services import tickets
from helpdesk.services.tickets import close_ticket
from privacy.services.erasing.erasure import erase_units
from tests.chat.beside import at_once
from tests.helpdesk.tickets import answer_of, form_of, opened, pdf, posted, visitor_with_link

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=1)


@pytest.mark.parametrize(("action", "field"), [("ticket_reply", "reply"), ("ticket_note", "note")])
def test_agent_who_clicks_twice_says_it_once(account, agent, signed_in, action, field):
    ticket = opened(account)
    mails, address = OutgoingMail.objects.count(), reverse(action, args=[ticket.pk])

    answers = at_once(*[lambda: signed_in(agent).post(address, {field: "We send a new one."})] * 3)

    assert [answer.status_code for answer in answers] == [302] * 3
    assert ticket.messages.filter(agent=agent).count() == 1
    assert OutgoingMail.objects.count() == mails + (action == "ticket_reply")


def test_two_agents_who_say_the_same_are_both_heard(account, agent_client, teammate_client):
    ticket = opened(account)
    address = reverse("ticket_reply", args=[ticket.pk])

    for client in (agent_client, teammate_client):
        client.post(address, {"reply": "We send a new one."})

    assert ticket.messages.filter(kind=TicketMessage.Kind.REPLY).count() == 2


def test_requester_who_clicks_twice_says_it_once(account):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)

    for _ in range(2):
        visitor.post(answer_of(ticket), {"message": "Thank you."})

    assert ticket.messages.count() == 2


def test_same_words_with_what_was_forgotten_are_another_message(account):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)

    visitor.post(answer_of(ticket), {"message": "Here it is."})
    visitor.post(answer_of(ticket), {"message": "Here it is.", "files": pdf()})

    assert ticket.messages.count() == 3
    assert ticket.files.count() == 1


@pytest.mark.parametrize(
    "other",
    [pdf("other.pdf"), pdf(content=b"%PDF tarn"), [pdf(), pdf()]],
    ids=["name", "content", "number"],
)
def test_same_words_with_another_file_are_another_message(account, agent_client, other):
    ticket = opened(account)
    address = reverse("ticket_reply", args=[ticket.pk])

    agent_client.post(address, {"reply": "See the file.", "files": pdf()})
    for file in other if isinstance(other, list) else [other]:
        file.seek(0)
    agent_client.post(address, {"reply": "See the file.", "files": other})

    assert ticket.messages.filter(kind=TicketMessage.Kind.REPLY).count() == 2
    assert ticket.files.count() == (3 if isinstance(other, list) else 2)


def test_same_words_with_the_same_files_are_one_message(account, agent_client):
    ticket = opened(account)
    address = reverse("ticket_reply", args=[ticket.pk])

    for _ in range(2):
        agent_client.post(address, {"reply": "See the files.", "files": [pdf("a.pdf"), pdf("b.pdf")]})

    assert ticket.messages.filter(kind=TicketMessage.Kind.REPLY).count() == 1
    assert ticket.files.count() == 2


def test_same_words_open_a_ticket_that_was_closed_in_between(account, agent):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)
    visitor.post(answer_of(ticket), {"message": "It is still torn."})
    close_ticket(ticket=ticket, by=agent)

    visitor.post(answer_of(ticket), {"message": "It is still torn."})

    assert Ticket.objects.get().status == Ticket.Status.OPEN
    assert ticket.messages.count() == 3


def test_same_reply_to_a_ticket_that_was_closed_in_between_is_mailed_again(account, agent_client, agent):
    ticket = opened(account)
    address = reverse("ticket_reply", args=[ticket.pk])
    agent_client.post(address, {"reply": "We send a new one."})
    close_ticket(ticket=ticket, by=agent)
    mails = OutgoingMail.objects.count()

    agent_client.post(address, {"reply": "We send a new one."})

    assert Ticket.objects.get().status == Ticket.Status.PENDING
    assert OutgoingMail.objects.count() == mails + 1


def test_same_words_a_minute_later_are_another_message(account, agent_client):
    ticket = opened(account)
    address = reverse("ticket_note", args=[ticket.pk])
    agent_client.post(address, {"note": "Called, no answer."})

    with freeze_time(timezone.now() + LATER):
        agent_client.post(address, {"note": "Called, no answer."})

    assert ticket.messages.filter(kind=TicketMessage.Kind.NOTE).count() == 2


def form_sent(account, **changed):
    """Fetch a copy of the public form and return a way to send it, filled in."""
    given = posted(account, once=Client().get(form_of(account)).context["form"]["once"].value(), **changed)
    return lambda **more: Client().post(form_of(account), given | more)


def test_ticket_form_sent_twice_at_once_opens_one_ticket(account):
    send = form_sent(account)

    answers = at_once(send, send, send)

    assert [answer.url for answer in answers] == [reverse("ticket_sent", args=[account.public_id])] * 3
    assert Ticket.objects.get().number == 1
    assert OutgoingMail.objects.count() == 1
    form_sent(account, subject="Another")()
    assert sorted(Ticket.objects.values_list("number", flat=True)) == [1, 2]


def test_two_copies_of_the_ticket_form_open_two_tickets(account):
    for _ in range(2):
        form_sent(account)()

    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Ute"},
        {"email": "ute@mail.example"},
        {"subject": "Torn cover"},
        {"message": "Page ten too."},
        {"files": pdf()},
    ],
    ids=["name", "email", "subject", "message", "files"],
)
def test_copy_of_the_ticket_form_that_was_changed_opens_another_ticket(account, changed):
    send = form_sent(account)

    send()
    send(**changed)

    assert Ticket.objects.count() == 2


def test_ticket_form_that_could_not_be_stored_is_stored_when_it_is_sent_again(account, monkeypatch):
    send = form_sent(account)

    def fail(*args):
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(tickets, "confirm_ticket", fail)
        with pytest.raises(DatabaseError):
            send()
    send()

    assert Ticket.objects.count() == 1


def test_ticket_form_sent_again_after_its_ticket_was_erased_is_not_lost(account):
    send = form_sent(account)
    send()
    erased = Ticket.objects.get()
    assert erase_units(Ticket, [erased.pk], account_id=account.pk, reason="test") == 1

    send()

    assert Ticket.objects.get().pk != erased.pk
