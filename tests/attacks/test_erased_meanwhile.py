"""What is erased between the look and the deed ends in a calm page, not in an error."""

import logging
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.permissions import conversation_for, conversation_of
from chat.views import access, agent
from helpdesk.services.contacts import verify_address
from helpdesk.ticket_links import participant_with_cookie, token_of
from helpdesk.views import tickets_agent, tickets_kept, tickets_public
from privacy.services.erasing.erasure import erase_person, erase_units
from tests import factories
from tests.chat.visiting import TOKEN, visit
from tests.helpdesk.tickets import answer_of, opened, requester_of, thread_of, visitor_with_link

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


def erase(unit):
    assert erase_units(type(unit), [unit.pk], account_id=unit.account_id, reason="test") == 1


def fetched_too_early(monkeypatch, module, name, fetch, unit_of=lambda found: found):
    """Erase what a view fetches in the moment after it has it."""

    def fetch_then_erase(*args):
        found = fetch(*args)
        erase(unit_of(found))
        return found

    monkeypatch.setattr(module, name, fetch_then_erase)


def complaints(caplog):
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("closed_at", [None, timezone.now()], ids=["active", "closed"])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("chat_detail", None),
        ("chat_kept", None),
        ("chat_messages", {"body": "Hello", "client_id": str(uuid4()), "after": "0"}),
        ("chat_messages", {"body": "", "client_id": str(uuid4()), "after": "0"}),
        ("chat_accept", {}),
        ("chat_seen", {"seq": "1"}),
        ("chat_close", {}),
        ("chat_erase", {}),
        ("chat_hold", {}),
        ("chat_hold", {"of": "unit", "kind": "legal", "reason": "Court", "reference": "1"}),
    ],
)
def test_chat_that_goes_while_an_agent_looks(
    account, owner, owner_client, monkeypatch, caplog, closed_at, name, given
):
    chat = factories.chat(
        account, agent=owner, closed_at=closed_at, status="closed" if closed_at else "active"
    )
    fetched_too_early(monkeypatch, agent, "conversation_of", conversation_of)
    address = reverse(name, args=[chat.pk])

    answer = owner_client.get(address) if given is None else owner_client.post(address, given)

    assert answer.status_code in {204, 302, 403, 404}
    assert complaints(caplog) == []


@pytest.mark.parametrize("name", ["chat_detail", "chat_kept"])
def test_page_of_a_chat_that_goes_while_it_is_made_says_that_it_is_gone(
    account, owner, owner_client, monkeypatch, name
):
    chat = factories.chat(account, agent=owner)
    fetched_too_early(monkeypatch, agent, "conversation_of", conversation_of)

    answer = owner_client.get(reverse(name, args=[chat.pk]))

    assert answer.status_code == 404
    assert "There is no such chat" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "given", "status"),
    [
        ("visitor_conversation", None, {200, 404}),
        ("visitor_transcript", None, {200, 404}),
        ("visitor_leave_message", None, {404}),
        ("visitor_leave_message", {"message": ""}, {404, 422}),
        ("visitor_messages", {"body": "Hello", "client_id": str(uuid4())}, {410}),
        ("visitor_typing", {}, {204}),
        ("visitor_end", {}, {200}),
    ],
)
def test_chat_that_goes_while_its_visitor_looks(account, monkeypatch, caplog, name, given, status):
    factories.chat(account, token=TOKEN)
    fetched_too_early(monkeypatch, access, "conversation_for", conversation_for)

    assert visit(name, account, data=given).status_code in status
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ticket_detail", None),
        ("ticket_kept", None),
        ("ticket_reply", {"reply": "We send a new one."}),
        ("ticket_reply", {"reply": ""}),
        ("ticket_note", {"note": "Called."}),
        ("ticket_assign", {"assignee": ""}),
        ("ticket_status", {"status": "pending"}),
        ("ticket_close", {}),
        ("ticket_erase", {}),
        ("ticket_hold", {}),
    ],
)
def test_ticket_that_goes_while_an_agent_looks(account, owner_client, monkeypatch, caplog, name, given):
    ticket = opened(account)
    fetched_too_early(monkeypatch, tickets_agent, "_ticket", tickets_agent._ticket)
    fetched_too_early(monkeypatch, tickets_kept, "_place", tickets_kept._place, lambda place: place.unit)
    address = reverse(name, args=[ticket.pk])

    answer = owner_client.get(address) if given is None else owner_client.post(address, given)

    assert answer.status_code in {200, 302, 404, 422}
    assert complaints(caplog) == []


@pytest.mark.parametrize("given", [None, {"message": "Thanks"}, {"message": ""}])
def test_ticket_that_goes_while_its_requester_looks(account, monkeypatch, caplog, given):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)
    fetched_too_early(
        monkeypatch,
        tickets_public,
        "participant_with_cookie",
        participant_with_cookie,
        lambda participant: participant.ticket,
    )

    answer = visitor.get(thread_of(ticket)) if given is None else visitor.post(answer_of(ticket), given)

    assert answer.status_code in {200, 410, 422}
    assert complaints(caplog) == []
