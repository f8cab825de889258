"""Closed chats: found again while they are kept, read, and erased by hand by those who lead."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message
from chat.services.erasing import ChatStillOpen, erase_chat
from chat.services.messages import ChatEnded
from helpdesk.models import Contact
from privacy import ledger
from privacy.categories import Category
from privacy.models import DataKey, LedgerEntry
from privacy.terms import Rule
from tests import factories

CLOSED = reverse("chat_closed")


def closed_chat(account, *, minutes: int = 5, **values) -> Conversation:
    return factories.chat(account, closed_at=timezone.now() - timedelta(minutes=minutes), **values)


def erase_url(chat: Conversation) -> str:
    return reverse("chat_erase", args=[chat.pk])


# The list


def test_list_has_the_closed_chats_of_the_account_newest_first(account, other_account, agent, agent_client):
    early = closed_chat(account, minutes=9)
    late = closed_chat(account, minutes=1, agent=agent, status="closed")
    factories.chat(account)
    closed_chat(other_account)

    page = agent_client.get(CLOSED)

    assert page.context["closed"].object_list == [late, early]


def test_list_tells_who_answered_and_when_each_chat_is_erased(account, teammate, agent_client):
    visitor = factories.contact(account, name="<b>Vera</b>")
    chat = closed_chat(account, agent=teammate, status="closed", contact=visitor)

    page = agent_client.get(CLOSED).text

    assert "&lt;b&gt;Vera&lt;/b&gt;" in page
    assert "Tom Teammate" in page
    assert f'datetime="{(chat.closed_at + timedelta(days=30)).isoformat()}"' in page


def test_list_leads_to_the_second_page(account, agent_client):
    for number in range(51):
        closed_chat(account, minutes=number + 1)

    first, second = (agent_client.get(CLOSED, {"page": page}).context["closed"] for page in ("1", "2"))

    assert [len(first), len(second)] == [50, 1]


@pytest.mark.parametrize("page", ["", "x", "-1", "0", "9" * 40, "\x00"])
def test_list_survives_an_odd_page(page, account, agent_client):
    chat = closed_chat(account)

    assert agent_client.get(CLOSED, {"page": page}).context["closed"].object_list == [chat]


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries(
    count, account, agent, teammate, agent_client, django_assert_num_queries
):
    for _ in range(count):
        factories.chat(account, agent=agent)
        closed_chat(account)
        closed_chat(account, agent=teammate, status="closed")
    agent_client.get(CLOSED)

    # session, person; desk and its words, for the badge; how many, and the page of them; policy
    with django_assert_num_queries(8), django_assert_num_queries(1, using="vault"):
        agent_client.get(CLOSED)


# One of them


def test_closed_chat_is_read_beside_the_closed_ones_and_takes_no_message(account, agent_client):
    chat, other = closed_chat(account, says=("Only words",)), closed_chat(account)
    factories.chat(account, contact=factories.contact(account, name="Waiting Wilma"))

    page = agent_client.get(reverse("chat_detail", args=[chat.pk])).text

    assert ("Only words" in page, f'id="line-{other.pk}"' in page) == (True, True)
    assert ("Waiting Wilma" in page, "<textarea" in page, "Erase now" in page) == (False, False, False)


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_closed_chat_asks_the_same_number_of_queries(
    count, account, teammate, agent_client, django_assert_num_queries
):
    chat = closed_chat(account, says=("words",) * count)
    for _ in range(count):
        closed_chat(account, agent=teammate, status="closed")
        factories.chat(account)
        factories.ticket(account, requester=factories.contact(account, email=chat.contact.email))
    address = reverse("chat_detail", args=[chat.pk])
    agent_client.get(address)

    # as of an open chat, and the list beside it: how many, the page of them, policy
    with django_assert_num_queries(18), django_assert_num_queries(1, using="vault"):
        agent_client.get(address)


# Erased by hand


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ["owner", "supervisor"])
def test_who_leads_erases_a_closed_chat_that_is_kept(role, account, signed_in):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    chat = closed_chat(account)
    keys = {chat.key_id, chat.contact.key_id}
    leader = factories.user(role, account=account)
    known_as = {"chat": ledger.reference(chat), "by": ledger.reference(leader)}
    client = signed_in(leader)

    page = client.get(reverse("chat_detail", args=[chat.pk])).text
    response = client.post(erase_url(chat))

    assert ("Erase now" in page, response.status_code, response.url) == (True, 302, CLOSED)
    assert [model.objects.count() for model in (Conversation, Message, Contact)] == [0, 0, 0]
    assert not DataKey.objects.filter(pk__in=keys).exists()
    ordered = LedgerEntry.objects.filter(action="chat.erasure_ordered").latest("seq")
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="chat.conversation").latest("seq")
    assert ordered.params == known_as
    assert begun.params["reason"] == "by_hand"


def test_agent_may_not_erase(account, agent, agent_client):
    chat = closed_chat(account, agent=agent, status="closed")

    assert agent_client.post(erase_url(chat)).status_code == 403
    assert Conversation.objects.filter(pk=chat.pk).exists()


def test_open_chat_is_not_erased_by_hand(account, agent, supervisor, supervisor_client):
    chat = factories.chat(account, agent=agent)

    assert supervisor_client.post(erase_url(chat)).status_code == 403
    with pytest.raises(ChatStillOpen):
        erase_chat(conversation=chat, by=supervisor)
    assert Conversation.objects.filter(pk=chat.pk).exists()


def test_leader_of_another_account_finds_no_chat_to_erase(account, other_account, signed_in):
    chat = closed_chat(account)
    foreign = signed_in(factories.user("owner", account=other_account))

    assert foreign.post(erase_url(chat)).status_code == 404
    assert Conversation.objects.filter(pk=chat.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_chat_is_erased_by_hand_once(account, supervisor):
    chat = closed_chat(account)
    erase_chat(conversation=chat, by=supervisor)

    with pytest.raises(ChatEnded):
        erase_chat(conversation=chat, by=supervisor)
