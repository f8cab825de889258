"""Every address of the house: closed to the anonymous unless it is on the list, and to the stranger."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import factories

# What anybody may open, and what it asks for instead.
PUBLIC = {
    "home": "nothing: it only leads the way",
    "healthz": "nothing: it says that the process answers",
    "readyz": "nothing: it names the parts that are not well",
    "metrics": "the token of the deployment's monitoring; without the setting there is no such page",
    "sign_in": "an address and a password",
    "sign_out": "nothing: it ends the session that is sent along",
    "admin:login": "nothing: it leads to the sign-in page",
    "loader": "nothing: it is what a site embeds",
    "chat_page": "nothing: it is the empty chat",
    "chat_start": "what the account asks for, with consent",
    "chat_bot": "the answers to the questions of consent, which it begins by asking",
    "visitor_bot": "the token of the chat",
    "visitor_conversation": "the token of the chat",
    "visitor_messages": "the token of the chat",
    "visitor_file": "the token of the chat",
    "visitor_typing": "the token of the chat",
    "visitor_end": "the token of the chat",
    "chat_rating": "a signed ticket that came with a chat, once",
    "visitor_transcript": "the token of the chat",
    "visitor_agree": "the token of the chat",
    "visitor_withdraw": "the token of the chat",
    "visitor_consent_copy": "the token of the chat",
    "visitor_secure": "the token of the chat",
    "visitor_leave_message": "the token of the chat",
    "ticket_new": "what the account asks for, with consent",
    "ticket_sent": "nothing: it says what happens next",
    "ticket_open": "the token of the ticket",
    "ticket_thread": "the cookie that the token was exchanged for",
    "ticket_answer": "the cookie that the token was exchanged for",
    "ticket_withdraw": "the token of the ticket",
    "ticket_consent_withdraw": "the cookie that the token was exchanged for",
    "ticket_consent_copy": "the cookie that the token was exchanged for",
    "ticket_thread_file": "the cookie that the token was exchanged for",
    "privacy_notice": "nothing: it is published",
    "privacy_notice_versions": "nothing: it was published",
    "privacy_notice_version": "nothing: it was published",
    "brand_sheet": "nothing: it is part of the visitors' pages",
    "brand_logo": "nothing: it is part of the visitors' pages",
    "demo": "a demonstration",
    "demo_page": "a demonstration",
    "demo_mail": "a demonstration",
}
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
ID = "0192f0c1-2345-7abc-8def-0123456789ab"
SAMPLES = {
    "uuid": ID,
    "int": "1",
    "slug": "someones",
    "str": "someones",
    "path": "some/where",
}


class Page(NamedTuple):
    name: str
    path: str
    is_marked_public: bool


def pages(patterns=None, prefix: str = "/", namespace: str = "") -> Iterator[Page]:
    """Yield every address of the house with something in the place of each argument."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + filled_in(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from pages(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            is_open = not getattr(pattern.callback, "login_required", True)
            yield Page(f"{namespace}{pattern.name or path}", path, is_open)


def filled_in(pattern) -> str:
    text = str(pattern)
    for name, converter in pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        text = text.replace(f"<{kind}:{name}>", SAMPLES[kind]).replace(f"<{name}>", SAMPLES[kind])
    text = text.removeprefix("^").removesuffix("$").replace("(?P<url>.*)", "some/where")
    return re.sub(r"\(\?P<\w+>(\w+)(\|\w+)*\)", r"\1", text)  # the first word of a choice


ALL = list(pages())
CLOSED = [page for page in ALL if page.name not in PUBLIC]


def test_public_pages_are_those_on_the_list():
    assert {page.name for page in ALL if page.is_marked_public} == PUBLIC.keys()


def test_every_page_is_reached_under_the_address_that_is_tried():
    strange = [page for page in ALL if "<" in page.path or "(" in page.path]

    assert strange == []


@pytest.mark.django_db
@pytest.mark.parametrize("page", CLOSED, ids=lambda page: page.name)
def test_page_asks_the_anonymous_to_sign_in(page):
    responses = [getattr(Client(), method)(page.path) for method in METHODS]

    assert {(r.status_code, r.url.split("?")[0], r.content) for r in responses} == {(302, "/sign-in/", b"")}


@pytest.mark.django_db
@pytest.mark.parametrize("page", CLOSED, ids=lambda page: page.name)
def test_page_is_closed_to_a_forged_session(page):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "forgedforgedforgedforgedforged12"

    assert client.get(page.path).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("page", CLOSED, ids=lambda page: page.name)
def test_page_is_closed_outside_the_allowlist(page, signed_in):
    fenced = factories.account(networks=("203.0.113.0/24",))
    client = signed_in(factories.user(account=fenced), REMOTE_ADDR="198.51.100.1")

    assert [client.get(page.path).status_code, client.post(page.path).status_code] == [403, 403]


ROWS_OF_THE_ACCOUNT = [page for page in CLOSED if ID in page.path and page.path.startswith("/agent/")]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ROWS_OF_THE_ACCOUNT, ids=lambda page: page.name)
def test_page_of_a_row_does_not_exist_for_the_stranger(page, account, stranger_client, agent_client):
    chat, ticket = factories.chat(account), factories.ticket(account)
    row = ticket if page.name.startswith("ticket") else chat
    path = page.path.replace(ID, str(row.pk))

    statuses = {stranger_client.get(path).status_code, stranger_client.post(path).status_code}

    # The page exists: the method that it doesn't take is told so to everybody before any row is looked up.
    assert statuses in ({404}, {404, 405})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", [page for page in CLOSED if page.path.startswith("/admin/")], ids=lambda p: p.name
)
def test_admin_does_not_exist_for_agents(page, agent_client):
    response = agent_client.get(page.path)

    assert response.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", [page for page in CLOSED if page.path.startswith("/agent/")], ids=lambda p: p.name
)
def test_agent_pages_are_closed_to_managers(page, manager_client):
    assert manager_client.get(page.path).status_code in {403, 405}
