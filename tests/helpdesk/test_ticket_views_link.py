"""The requester's link: a token, then a cookie for one thread, until it is erased."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from freezegun import freeze_time

from helpdesk.models import Contact, OutgoingMail, TicketMessage, TicketParticipant
from helpdesk.services.tickets import add_note, close_ticket, reply_ticket
from helpdesk.ticket_links import COOKIE, hash_token, token_of
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import (
    answer_of,
    opened,
    requester_of,
    thread_of,
    visitor_with_link,
)

pytestmark = pytest.mark.django_db


def test_link_opens_the_thread_and_proves_the_address(client, account):
    ticket = opened(account)

    answer = client.post(reverse("ticket_open"), {"token": token_of(requester_of(ticket))})

    assert answer.url == thread_of(ticket)
    cookie = answer.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (thread_of(ticket), True, "Lax")
    assert "Page nine is torn." in client.get(answer.url).text
    assert Contact.objects.get().verified_at is not None


def test_whole_link_can_be_pasted(client, account):
    ticket = opened(account)
    link = re.search(r"http\S+#\S+", OutgoingMail.objects.get().body).group()

    answer = client.post(reverse("ticket_open"), {"token": f"  {link} "})

    assert answer.url == thread_of(ticket)


@pytest.mark.parametrize("token", ["", " ", "#", "a", "A" * 43, "A" * 44, "é" * 43, ["A" * 43, "B" * 43]])
def test_wrong_token_opens_nothing(client, account, token):
    ticket = opened(account)
    TicketParticipant.objects.filter(ticket=ticket).update(token_hash=hash_token("" if token == "#" else "A"))

    answer = client.post(reverse("ticket_open"), {"token": token})

    assert answer.status_code == 404
    assert answer.cookies == {} or COOKIE not in answer.cookies


def test_two_tokens_at_once_open_nothing(client, account):
    token = token_of(requester_of(opened(account)))

    assert client.post(reverse("ticket_open"), {"token": [token, token]}).status_code == 404
    assert client.post(reverse("ticket_open"), {"token[]": token}).status_code == 404


def test_getting_the_link_page_spends_nothing(client, account):
    ticket = opened(account)

    client.get(reverse("ticket_open"))

    assert Contact.objects.get().verified_at is None
    assert visitor_with_link(ticket).get(thread_of(ticket)).status_code == 200


def test_thread_is_closed_to_others(client, account):
    ticket, other = opened(account), opened(account, email="other@mail.example")
    elsewhere = visitor_with_link(other)
    elsewhere.cookies[COOKIE]["path"] = "/"  # as if somebody sent it by hand

    for visitor in (client, elsewhere):
        page = visitor.get(thread_of(ticket))
        assert page.status_code in {404, 410}
        assert "Page nine" not in page.text
        assert visitor.post(answer_of(ticket), {"message": "in"}).status_code in {
            404,
            410,
        }
    assert TicketMessage.objects.filter(ticket=ticket).count() == 1


def test_cookie_dies_with_its_token(account):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)

    TicketParticipant.objects.filter(ticket=ticket).update(token_hash="f" * 64)

    assert visitor.get(thread_of(ticket)).status_code == 410


def test_cookie_is_refused_after_twelve_hours(account):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)

    with freeze_time(timezone.now() + timedelta(hours=12, minutes=1)):
        page = visitor.get(thread_of(ticket))

    assert (page.status_code, "open the link again" in page.text) == (404, True)


def test_thread_shows_replies_but_never_notes(account, agent):
    ticket = opened(account)
    reply_ticket(ticket=ticket, agent=agent, body="We send a new copy.")
    add_note(ticket=ticket, agent=agent, body="A difficult one.")

    page = visitor_with_link(ticket).get(thread_of(ticket)).text

    assert "We send a new copy." in page
    assert "A difficult one." not in page


def test_answer_opens_a_closed_ticket_and_stops_its_clock(account, agent):
    ticket = opened(account)
    close_ticket(ticket=ticket, by=agent)
    visitor = visitor_with_link(ticket)

    answer = visitor.post(answer_of(ticket), {"message": "Still torn."})

    assert answer.url == thread_of(ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("open", None)
    assert "Still torn." in visitor.get(thread_of(ticket)).text


def test_refused_answer_keeps_what_was_typed(account):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)

    page = visitor.post(answer_of(ticket), {"message": "bad \x07 bell"})

    assert page.status_code == 422
    assert "bad" in page.text
    assert ticket.messages.count() == 1


def test_thread_of_an_erased_ticket_says_so(account, agent):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)

    close_ticket(ticket=ticket, by=agent)

    page = visitor.get(thread_of(ticket))
    assert (page.status_code, "This conversation was erased" in page.text) == (410, True)
    assert visitor.post(answer_of(ticket), {"message": "hello?"}).status_code == 410
