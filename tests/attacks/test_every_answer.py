"""What must hold for every address of the house, whoever asks: headers, and that looking changes nothing."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from helpdesk.models import Account
from tests import factories
from tests.test_urls import ALL, ID
from tests.test_urls import Page as Address

FRAMED = {"chat_page"}
ROLES = ["anonymous", "agent", "supervisor", "owner", "manager", "operator"]
# What tells when somebody was here; everything else stays as it is.
CLOCKS = {"helpdesk.user": {"last_login"}}


@pytest.fixture
def rows(account, agent) -> dict[str, str]:
    """Return what stands in addresses for real things of the account."""
    chat = factories.chat(account, agent=agent)
    ticket = factories.ticket(account)
    return {"chats": str(chat.pk), "tickets": str(ticket.pk), "user": str(agent.pk)}


@pytest.fixture
def client_of(signed_in, request):
    def client(role: str) -> Client:
        return Client() if role == "anonymous" else signed_in(request.getfixturevalue(role))

    return client


def address_of(page: Address, account: Account, rows: dict[str, str]) -> str:
    """Return the page's address with something real in it, where there is something real."""
    kind = "tickets" if "ticket" in page.path else "chats"
    path = page.path.replace(ID, rows[kind]).replace("someones", account.public_id)
    row = rows["user"] if "/user/" in path else str(account.pk)
    return path.replace("some/where", row) if path.startswith("/admin/helpdesk/") else path


def state() -> dict[str, list]:
    """Return every row of every table, without the clocks."""
    return {
        model._meta.label_lower: sorted(
            repr([row[name] for name in sorted(row) if name not in CLOCKS.get(model._meta.label_lower, ())])
            for row in model._base_manager.values()
        )
        for model in apps.get_models(include_auto_created=True)
        if model is not Session
    }


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_fenced(client_of, account, rows, role):
    account.allowed_origins = "https://shop.example"
    account.save()
    client, wrong = client_of(role), []

    for page in ALL:
        for method in ("get", "post", "options", "delete"):
            answer = getattr(client, method)(address_of(page, account, rows))
            policy = answer.headers.get("Content-Security-Policy", "")
            framed = page.name in FRAMED and answer.status_code == 200 and method == "get"
            fences = {
                "frame-ancestors https://shop.example" if framed else "frame-ancestors 'none'",
                "object-src 'none'" if "sandbox" not in policy else "sandbox",
                "base-uri 'none'",
            }
            if (
                not fences <= {part.strip() for part in policy.split(";")}
                or "unsafe" in policy
                or answer.headers.get("X-Content-Type-Options") != "nosniff"
                or answer.headers.get("Referrer-Policy") not in {"same-origin", "no-referrer"}
                or (
                    not framed
                    and answer.headers.get("X-Frame-Options") != "DENY"
                    and answer.status_code < 500
                )
                # The loader is a program that any site embeds; nothing of anybody's is in it.
                or ("Access-Control-Allow-Origin" in answer.headers and page.name != "loader")
            ):
                wrong.append((method, page.name, answer.status_code, dict(answer.headers)))

    assert wrong == []


# A notice that somebody reads for the first time is kept as they read it: once shown it never changes.
WRITTEN_DOWN = {"helpdesk.noticeversion"}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_looking_changes_nothing(client_of, account, rows, role, settings):
    client = client_of(role)
    before, sessions = state(), Session.objects.count()

    for page in ALL:
        for method in ("get", "head", "options"):
            getattr(client, method)(address_of(page, account, rows))

    after = state()
    assert {name for name in after if after[name] != before[name]} <= WRITTEN_DOWN
    assert Session.objects.count() == sessions


@pytest.mark.django_db
def test_empty_posts_of_the_anonymous_leave_nothing(account, rows):
    client = Client()
    before = state()

    for page in ALL:
        for method in ("post", "put", "patch", "delete"):
            getattr(client, method)(address_of(page, account, rows))

    after = state()
    assert {name for name in after if after[name] != before[name]} == set()
    assert not Session.objects.exists()
