"""What is in the archive leaves the agents' sight: every page, list, count, hint and download."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation
from chat.services.conversations import hash_token
from helpdesk.models import Ticket, TicketFile
from helpdesk.services.tickets import close_ticket
from tests import factories
from tests.chat.visiting import TOKEN, visit
from tests.helpdesk.tickets import answer_of, opened, pdf, thread_of, visitor_with_link
from tests.test_urls import ALL, ID

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SECRET = "archivedheron"
PAGES_OF_ROWS = [page for page in ALL if page.path.startswith("/agent/") and ID in page.path]
LISTS = ["/agent/chats/", "/agent/chats/queue/", "/agent/chats/closed/"] + [
    f"/agent/tickets/?status={status}{mine}"
    for status in ("open", "pending", "closed", "all")
    for mine in ("", "&mine=1")
]


@pytest.fixture
def ticket(account, agent) -> Ticket:
    """A closed ticket with a file that is the agent's."""
    ticket = opened(account, subject=SECRET, name=SECRET, files=[pdf(f"{SECRET}.pdf")])
    close_ticket(ticket=ticket, by=agent)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=agent, archived_at=AT)
    return ticket


@pytest.fixture
def chat(account, agent) -> Conversation:
    contact = factories.contact(account, name=SECRET, email="vera@mail.example")
    return factories.chat(
        account,
        says=(SECRET,),
        agent=agent,
        contact=contact,
        status="closed",
        closed_at=AT,
        archived_at=AT,
        token=TOKEN,
    )


def _rows(page_name: str, chat, ticket) -> str:
    return str(ticket.pk if page_name.startswith("ticket") else chat.pk)


@pytest.mark.parametrize("page", PAGES_OF_ROWS, ids=lambda page: page.name)
def test_no_page_of_agents_finds_what_is_in_the_archive(page, chat, ticket, owner_client, agent_client):
    path = page.path.replace(ID, _rows(page.name, chat, ticket), 1)
    path = path.replace(ID, str(TicketFile.objects.get().pk))

    answers = [
        getattr(client, method)(path) for client in (owner_client, agent_client) for method in ("get", "post")
    ]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert 404 in {answer.status_code for answer in answers}
    assert Ticket.objects.count() == Conversation.objects.count() == 1


@pytest.mark.parametrize("path", LISTS)
def test_no_list_of_agents_shows_what_is_in_the_archive(path, chat, ticket, owner_client, agent_client):
    for client in (owner_client, agent_client):
        page = client.get(path).content.decode()

        assert SECRET not in page
        assert str(chat.pk) not in page
        assert str(ticket.pk) not in page


def test_no_hint_leads_to_what_is_in_the_archive(account, agent, chat, ticket, agent_client):
    """Somebody with the same address writes again: nothing of the old chat and ticket is hinted at."""
    again = factories.contact(account, name="Vera", email="vera@mail.example")
    new_chat = factories.chat(account, agent=agent, contact=again)
    account.refresh_from_db()
    new_ticket = factories.ticket(account, requester=again)

    pages = [
        agent_client.get(reverse("chat_detail", args=[new_chat.pk])).content.decode(),
        agent_client.get(reverse("ticket_detail", args=[new_ticket.pk])).content.decode(),
    ]

    assert [SECRET in page for page in pages] == [False, False]
    assert [str(ticket.pk) in page for page in pages] == [False, False]


def test_hint_names_who_has_something_outside_the_archive(account, agent, ticket, agent_client):
    account.refresh_from_db()
    other = factories.ticket(account, requester=ticket.requester)
    again = factories.contact(account, name="Vera", email="vera@mail.example")
    new_chat = factories.chat(account, agent=agent, contact=again)

    page = agent_client.get(reverse("chat_detail", args=[new_chat.pk])).content.decode()

    assert str(other.pk) in page
    assert str(ticket.pk) not in page


def test_visitor_still_reads_their_own_chat(account, chat):
    page = visit("visitor_conversation", account).content.decode()

    assert SECRET in page
    assert chat.token_hash == hash_token(TOKEN)


def test_requester_reads_their_ticket_and_takes_it_out_by_an_answer(ticket, agent_client):
    visitor = visitor_with_link(ticket)
    assert SECRET in visitor.get(thread_of(ticket)).content.decode()

    visitor.post(answer_of(ticket), {"message": "It is torn again."})

    found = Ticket.objects.get()
    assert (found.status, found.closed_at, found.archived_at) == ("open", None, None)
    assert found.last_activity_at.date() == timezone.now().date()
    assert agent_client.get(reverse("ticket_detail", args=[ticket.pk])).status_code == 200
