"""Headers by which somebody claims to be somebody else, or somewhere else."""

import pytest
from django.test import Client

from helpdesk.models import OutgoingMail
from tests import factories
from tests.helpdesk.tickets import form_of, posted

pytestmark = pytest.mark.django_db

CLAIMS = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7;host=evil.example;proto=https",
    "CF-Connecting-IP": "203.0.113.7",
    "True-Client-IP": "203.0.113.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "X-HTTP-Method-Override": "DELETE",
}


@pytest.mark.parametrize("name", ["Remote-User", "X-Forwarded-User", "X-Remote-User", "Authorization"])
def test_nobody_signs_in_by_a_header(agent, name):
    client = Client(headers={name: agent.email}, REMOTE_USER=agent.email)

    assert client.get("/agent/chats/").status_code == 302


def test_nobody_gets_past_the_allowlist_by_a_header(signed_in):
    fenced = factories.account(networks=("203.0.113.0/24",))
    client = signed_in(factories.user(account=fenced), headers=CLAIMS, REMOTE_ADDR="198.51.100.1")

    assert {client.get(path).status_code for path in ("/agent/chats/", "/agent/tickets/")} == {403}


@pytest.mark.parametrize("name", CLAIMS)
def test_link_of_a_mail_leads_home_whatever_is_claimed(account, settings, name):
    Client(headers={name: CLAIMS[name]}).post(form_of(account), posted(account))

    body = OutgoingMail.objects.get().body
    assert "evil" not in body
    assert f"{settings.LETHE_BASE_URL}/tickets/open/#" in body


def test_method_cannot_be_overridden(account, agent_client):
    ticket = factories.ticket(account)

    for claim in ({"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}):
        assert agent_client.get(f"/agent/tickets/{ticket.pk}/close/", headers=claim).status_code == 405
        assert agent_client.get(f"/agent/tickets/{ticket.pk}/close/?_method=POST").status_code == 405
