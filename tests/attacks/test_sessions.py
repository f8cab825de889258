"""What a session is worth once its person, their account or their place has changed."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from helpdesk.models import AllowedNetwork, User
from helpdesk.services.people import change_role, deactivate_person
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/agent/chats/"


def sign_in(client: Client, user: User, **extra) -> int:
    form = {"username": user.email, "password": factories.PASSWORD}
    return client.post("/sign-in/", form, **extra).status_code


def test_session_that_was_planted_is_not_the_one_after_signing_in(agent):
    client = Client()
    planted = client.session
    planted["planted"] = "by somebody else"
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key

    sign_in(client, agent)

    assert client.session.session_key != planted.session_key
    assert not Session.objects.filter(pk=planted.session_key).exists()


def test_signing_in_as_somebody_else_keeps_nothing_of_the_first(agent, teammate, signed_in):
    client = signed_in(agent)
    old = client.session
    old["draft"] = "of Ada"
    old.save()
    client.post("/sign-out/")

    sign_in(client, teammate)

    assert "draft" not in client.session
    assert not Session.objects.filter(pk=old.session_key).exists()


@pytest.mark.parametrize("when", ["person", "account", "list"])
def test_session_ends_with_what_it_rests_on(account, agent, owner, signed_in, when):
    client = signed_in(agent)
    before = client.get(PAGE).status_code

    if when == "person":
        deactivate_person(person=agent, by=owner)
    elif when == "account":
        account.is_active = False
        account.save()
    else:
        AllowedNetwork.objects.create(account=account, network="203.0.113.0/24")
        account.allowlist_enabled = True
        account.save()

    assert (before, client.get(PAGE).status_code) == (200, 403 if when == "list" else 302)


def test_role_counts_from_the_next_request(account, owner, supervisor, agent, signed_in):
    client = signed_in(supervisor)
    chat = factories.chat(account, agent=agent)

    change_role(person=supervisor, role=User.Role.AGENT, by=owner)

    assert client.post(f"/agent/chats/{chat.pk}/close/").status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "https:evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "http://testserver@evil.example",
        "/%09/evil.example",
        "//evil。example",
        "/agent/\r\nX-Odd: 1",
        "/admin/",
        "x" * 5000,
    ],
)
def test_way_after_signing_in_stays_in_the_house(agent, wanted):
    client = Client()

    form = {"username": agent.email, "password": factories.PASSWORD, "next": wanted}
    response = client.post("/sign-in/", form)

    assert response.status_code == 302
    assert response.url.startswith("/")
    assert not response.url.startswith(("//", "/\\"))
    assert "X-Odd" not in response.headers
