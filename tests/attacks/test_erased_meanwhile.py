"""What is erased between the look and the deed ends in a calm page, not in an error."""

import pytest
from django.test import Client
from django.urls import reverse

from helpdesk.services.contacts import verify_address
from helpdesk.ticket_links import token_of
from privacy.services.erasing.erasure import erase_person, erase_units
from tests.helpdesk.tickets import opened, requester_of, thread_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_link_of_a_ticket_that_goes_as_it_is_opened(account, monkeypatch):
    ticket = opened(account)
    client, token = Client(), token_of(requester_of(ticket))

    def verify_too_late(*, participant):
        erase_person(participant.contact, reason="test")
        return verify_address(participant=participant)

    monkeypatch.setattr("helpdesk.views.tickets_public.verify_address", verify_too_late)
    response = client.post(reverse("ticket_open"), {"token": token})

    assert response.url == thread_of(ticket)
    assert client.get(response.url).status_code == 410


def test_link_of_an_erased_ticket_opens_nothing(account):
    ticket = opened(account)
    token = token_of(requester_of(ticket))
    erase_units(type(ticket), [ticket.pk], account_id=account.pk, reason="test")

    assert Client().post(reverse("ticket_open"), {"token": token}).status_code == 404
