"""The agents' pages: their list, the thread, and what a stranger finds there."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile, TicketMessage
from helpdesk.services.tickets import (
    TicketErased,
    add_note,
    answer_ticket,
    change_status,
    close_ticket,
    erase_ticket,
    reply_ticket,
)
from privacy import ledger
from privacy.categories import Category
from privacy.models import LedgerEntry
from privacy.services.erasing.purge import purge
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import (
    opened,
    pdf,
    requester_of,
)

pytestmark = pytest.mark.django_db


def test_list_shows_the_tickets_of_the_account_by_status(account, other_account, agent, agent_client):
    opened(account, subject="Ours")
    opened(other_account, subject="Theirs")
    closed = opened(account, subject="Done")
    close_ticket(ticket=closed, by=agent)

    page = agent_client.get(reverse("ticket_list")).text
    all_of_them = agent_client.get(reverse("ticket_list"), {"status": "all"}).text

    assert ("Ours" in page, "Done" in page, "Theirs" in page) == (True, False, False)
    assert ("Ours" in all_of_them, "Done" in all_of_them, "Theirs" in all_of_them) == (True, True, False)


@pytest.mark.parametrize(
    "query", ["status=%00&page=-1", "status=open%27--&page=9999", "page=x&mine=&status="]
)
def test_list_survives_odd_parameters(agent_client, account, query):
    opened(account, subject="Ours")

    page = agent_client.get(f"{reverse('ticket_list')}?{query}")

    assert page.status_code == 200


def test_list_counts_what_is_not_closed(account, agent, agent_client):
    for status in ("open", "open", "pending", "closed"):
        change_status(ticket=opened(account), status=status, by=agent)

    page = agent_client.get(reverse("ticket_list"), {"status": "closed"})

    tabs = {tab.status: tab.count for tab in page.context["listed"].tabs}
    assert tabs == {"open": 2, "pending": 1, "closed": None, "all": None}
    assert page.context["listed"].page.paginator.count == 1
    assert page.context["tickets_badge"] == 2


def test_list_has_fifty_a_page(account, agent_client):
    for number in range(51):
        factories.ticket(account, subject=f"Subject {number}.")
        account.refresh_from_db()

    first, second = (agent_client.get(reverse("ticket_list"), {"page": page}) for page in (1, 2))

    assert [len(page.context["listed"].page.object_list) for page in (first, second)] == [50, 1]
    assert ("Subject 50." in first.text, "Subject 0." in second.text) == (True, True)


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_list_costs_the_same_whatever_its_length(account, agent, teammate, agent_client, rows):
    for number in range(rows):
        ticket = opened(account, email=f"v{number}@mail.example")
        Ticket.objects.filter(pk=ticket.pk).update(assignee=(agent, teammate)[number % 2])

    main, vault = queries_of(agent_client, reverse("ticket_list"))

    assert (main, vault) == (6, 1)


@pytest.mark.parametrize("rows", [1, 3])
def test_thread_costs_the_same_whatever_its_length(account, agent, teammate, agent_client, rows):
    ticket = opened(account, files=[pdf()])
    for number in range(rows):
        opened(account)
        reply_ticket(ticket=ticket, agent=(agent, teammate)[number % 2], body="Hello.", files=[pdf()])
        add_note(ticket=ticket, agent=teammate, body="A note.")
        answer_ticket(participant=requester_of(ticket), body="Yes.")

    main, vault = queries_of(agent_client, reverse("ticket_detail", args=[ticket.pk]))

    assert (main, vault) == (14, 1)


def queries_of(client: Client, address: str) -> tuple[int, int]:
    client.get(address)  # the index key and the gate are remembered
    with (
        CaptureQueriesContext(connections["default"]) as main,
        CaptureQueriesContext(connections["vault"]) as vault,
    ):
        assert client.get(address).status_code == 200
    return len(main), len(vault)


POSTS = {
    "ticket_reply": {"reply": "Hello."},
    "ticket_note": {"note": "Hm."},
    "ticket_assign": {"assignee": ""},
    "ticket_status": {"status": "pending"},
    "ticket_close": {"erase": "yes"},
    "ticket_erase": {},
}


@pytest.mark.parametrize("name", POSTS)
def test_stranger_finds_no_ticket_to_change(account, stranger_client, client, manager_client, name):
    ticket = opened(account)
    address = reverse(name, args=[ticket.pk])
    before = (
        Ticket.objects.filter(pk=ticket.pk)
        .values("status", "assignee", "closed_at", "last_activity_at")
        .get()
    )

    assert stranger_client.post(address, POSTS[name]).status_code == 404
    assert manager_client.post(address, POSTS[name]).status_code == 403
    assert client.post(address, POSTS[name]).url.startswith(reverse("sign_in"))
    after = (
        Ticket.objects.filter(pk=ticket.pk)
        .values("status", "assignee", "closed_at", "last_activity_at")
        .get()
    )
    assert (before, ticket.messages.count()) == (after, 1)


def test_stranger_reads_nothing(account, stranger_client):
    ticket = opened(account, subject="Ours")

    assert stranger_client.get(reverse("ticket_detail", args=[ticket.pk])).status_code == 404
    assert "Ours" not in stranger_client.get(reverse("ticket_list"), {"status": "all"}).text


def test_agent_replies_notes_assigns_and_closes(account, teammate, agent_client):
    ticket = opened(account)
    here = reverse("ticket_detail", args=[ticket.pk])

    def post(name, **values):
        answer = agent_client.post(reverse(name, args=[ticket.pk]), values)
        assert answer.url == here
        ticket.refresh_from_db()

    post("ticket_reply", reply="A new copy is on its way.")
    assert ticket.status == "pending"
    post("ticket_note", note="Second time this week.")
    post("ticket_assign", assignee=str(teammate.pk))
    assert ticket.assignee == teammate
    post("ticket_status", status="open")
    post("ticket_close")
    assert (ticket.status, ticket.closed_at is not None) == ("closed", True)
    page = agent_client.get(here).text
    assert "A new copy is on its way." in page
    assert "Second time this week." in page
    assert "Close ticket" not in page


@pytest.mark.parametrize("body", ["", "   ", "x" * 20_001, "a\x00b"])
def test_refused_reply_stays_in_the_box(account, agent_client, body):
    ticket = opened(account)

    page = agent_client.post(reverse("ticket_reply", args=[ticket.pk]), {"reply": body})

    assert page.status_code == 422
    assert page.context["reply_form"].errors.keys() == {"reply"}
    assert ticket.messages.count() == 1


def test_ticket_is_not_given_to_a_stranger(account, agent_client, stranger):
    ticket = opened(account)

    page = agent_client.post(reverse("ticket_assign", args=[ticket.pk]), {"assignee": str(stranger.pk)})

    ticket.refresh_from_db()
    assert (page.status_code, ticket.assignee) == (422, None)
    assert "Sam Stranger" not in page.text


def test_closing_that_erases_asks_first(account, agent_client):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account)
    address, detail = (reverse(name, args=[ticket.pk]) for name in ("ticket_close", "ticket_detail"))

    asked = agent_client.post(address)

    assert (asked.url, Ticket.objects.filter(pk=ticket.pk).exists()) == (detail, True)
    assert "Close and erase this ticket?" in agent_client.get(detail).text
    done = agent_client.post(address, {"erase": "yes"})
    assert (done.url, Ticket.objects.filter(pk=ticket.pk).exists()) == (reverse("ticket_list"), False)
    assert agent_client.get(reverse("ticket_detail", args=[ticket.pk])).status_code == 404


def test_assignees_are_offered_by_name(account, agent, teammate, stranger, agent_client):
    ticket = opened(account)

    page = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text
    refused = agent_client.post(reverse("ticket_assign", args=[ticket.pk]), {"assignee": "nobody's"}).text

    for text in (page, refused):
        assert f'<option value="{teammate.pk}">Tom Teammate</option>' in text
        assert ("Ada Agent</option>" in text, "Sam Stranger" in text) == (True, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("role", ["owner", "supervisor"])
def test_who_leads_erases_a_ticket_that_is_kept(account, signed_in, role, is_closed):
    factories.policy(account, Category.TICKET, rule=Rule.KEEP)
    ticket, leader = opened(account, files=[pdf()]), factories.user(role, account=account)
    if is_closed:
        close_ticket(ticket=ticket, by=leader)
    known_as = {"ticket": ledger.reference(ticket), "by": ledger.reference(leader)}
    client = signed_in(leader)

    page = client.get(reverse("ticket_detail", args=[ticket.pk])).text
    response = client.post(reverse("ticket_erase", args=[ticket.pk]))

    assert ("Erase now" in page, response.url) == (True, reverse("ticket_list"))
    left = [model.objects.count() for model in (Ticket, TicketMessage, TicketFile, OutgoingMail, Contact)]
    assert left == [0, 0, 0, 0, 0]
    ordered = LedgerEntry.objects.filter(action="ticket.erasure_ordered").latest("seq")
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="helpdesk.ticket").latest("seq")
    assert ordered.params == known_as
    assert begun.params["reason"] == "by_hand"


def test_agent_may_not_erase_a_ticket(account, agent_client):
    ticket = opened(account)

    page = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text
    response = agent_client.post(reverse("ticket_erase", args=[ticket.pk]))

    assert ("Erase now" in page, response.status_code) == (False, 403)
    assert Ticket.objects.filter(pk=ticket.pk).exists()


def test_leader_of_another_account_finds_no_ticket_to_erase(account, other_account, signed_in):
    ticket = opened(account)
    foreign = signed_in(factories.user("owner", account=other_account))

    assert foreign.post(reverse("ticket_erase", args=[ticket.pk])).status_code == 404
    assert Ticket.objects.filter(pk=ticket.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_ticket_is_erased_by_hand_once(account, owner):
    ticket = opened(account)
    erase_ticket(ticket=ticket, by=owner)

    with pytest.raises(TicketErased):
        erase_ticket(ticket=ticket, by=owner)


def test_thread_names_others_with_the_same_address(account, other_account, agent_client):
    first, second = opened(account), opened(account, name="Somebody")
    opened(other_account, name="Foreigner")

    page = agent_client.get(reverse("ticket_detail", args=[first.pk])).text

    assert "Possibly the same as" in page
    assert reverse("ticket_detail", args=[second.pk]) in page
    assert "Foreigner" not in page
    assert "unverified" in page
    assert "given for notice 1" in page


def test_pages_say_when_a_closed_ticket_is_erased(account, agent, agent_client):
    ticket = opened(account)
    close_ticket(ticket=ticket, by=agent)

    page = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text

    due = Ticket.objects.get(pk=ticket.pk).closed_at + timedelta(days=30)
    assert f'datetime="{due.isoformat()}"' in page


def test_words_are_shown_as_text(account, agent_client):
    ticket = opened(account, subject="<b>bold</b>", message="<script>alert(1)</script>", name="<i>me</i>")

    for address in (reverse("ticket_detail", args=[ticket.pk]), reverse("ticket_list")):
        page = agent_client.get(address).text
        assert ("<b>bold" in page, "<script>alert" in page, "<i>me" in page) == (False, False, False)


def test_purge_takes_a_closed_ticket_with_its_files_and_mails(account, agent):
    ticket = opened(account, files=[pdf()])
    close_ticket(ticket=ticket, by=agent)

    purge(now=timezone.now() + timedelta(days=31))

    left = [model.objects.count() for model in (Ticket, TicketMessage, TicketFile, OutgoingMail, Contact)]
    assert left == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(("action", "field"), [("ticket_reply", "reply"), ("ticket_note", "note")])
def test_reply_that_is_too_long_is_told_and_not_cut(account, agent_client, action, field):
    ticket = factories.ticket(account)
    asked = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text

    page = agent_client.post(reverse(action, args=[ticket.pk]), {field: "x" * 20_500})

    assert "maxlength" not in asked
    assert page.status_code == 422
    assert "At most 20000 characters fit here; there are 20500." in page.text
    assert "x" * 20_500 in page.text
    assert ticket.messages.count() == 1
