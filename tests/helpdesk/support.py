"""What the tests of support access begin with: something to read, and somebody who may."""

from typing import Any

from django.urls import reverse

from chat.models import Conversation
from helpdesk.models import Account, SupportGrant, Ticket, User
from helpdesk.services.support import grant_support
from privacy.models import LedgerEntry
from tests import factories
from tests.helpdesk.tickets import opened, pdf

REASON = "Attachments don't arrive"
LIST = "/admin/support/"
WORDS = ("Torn heron", "Vera Heron", "vera@mail.example", "Page nine is torn.", "heron.pdf")


def granted(account: Account, person: User, owner: User, **values: Any) -> SupportGrant:
    """Grant support access as the owner's page does."""
    wanted: dict[str, Any] = {"hours": 4, "reason": REASON, "with_files": False} | values
    return grant_support(account=account, person=person, by=owner, **wanted)


def ticket_with_file(account: Account) -> Ticket:
    return opened(account, subject="Torn heron", name="Vera Heron", files=[pdf("heron.pdf")])


def chat_of_crane(account: Account, **values: Any) -> Conversation:
    contact = factories.contact(account, name="Cara Crane", email="cara@mail.example")
    return factories.chat(account, says=("A crane?",), contact=contact, **values)


def list_of(grant: SupportGrant) -> str:
    return reverse("admin:support_list", args=[grant.pk])


def address_of(grant: SupportGrant, row: Any, kind: str = "ticket") -> str:
    return reverse("admin:support_open", args=[grant.pk, kind, row.pk])


def file_of(grant: SupportGrant, ticket: Ticket) -> str:
    return reverse("admin:support_file", args=[grant.pk, "ticket", ticket.pk, ticket.files.get().pk])


def doors(grant: SupportGrant, ticket: Ticket) -> dict[tuple[str, str], str]:
    """Return every way to content, or to learn of it, by method and name."""
    return {
        ("get", "grants"): LIST,
        ("get", "list"): list_of(grant),
        ("get", "lease"): reverse("admin:support_lease", args=[grant.pk]),
        ("get", "opened"): address_of(grant, ticket),
        ("post", "opened"): address_of(grant, ticket),
        ("post", "file"): file_of(grant, ticket),
    }


def answers(client: Any, grant: SupportGrant, ticket: Ticket, **extra: Any) -> set[int]:
    """Return what the doors answer to somebody, each word of content being none of it."""
    found = set()
    for (method, _name), path in doors(grant, ticket).items():
        answer = getattr(client, method)(path, **extra)
        assert not [word for word in WORDS if word in answer.content.decode()]
        found.add(answer.status_code)
    return found


def actions() -> list[str]:
    ours = LedgerEntry.objects.filter(action__startswith="support.").order_by("seq")
    return list(ours.values_list("action", flat=True))


def params_of(action: str) -> dict[str, Any]:
    return LedgerEntry.objects.get(action=action).params
