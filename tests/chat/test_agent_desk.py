"""The desk: who waits, whose chats are whose, what is unread."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from chat import desk as desks
from chat.desk import read_desk
from chat.models import Conversation
from chat.services.conversations import accept_chat
from chat.services.messages import add_entry, mark_seen, post_message
from tests import factories


def ago(minutes: int):
    return timezone.now() - timedelta(minutes=minutes)


def test_desk_sorts_chats_into_waiting_own_and_others(account, agent, teammate):
    late = factories.chat(account, created_at=ago(1))
    early = factories.chat(account, created_at=ago(9))
    own = factories.chat(account, agent=agent)
    theirs = factories.chat(account, agent=teammate)
    factories.chat(account, agent=agent, status="closed", closed_at=timezone.now())

    desk = read_desk(agent)

    assert desk.waiting == [early, late]
    assert desk.mine == [own]
    assert desk.others == [theirs]


def test_desk_of_stranger_is_empty(account, agent, stranger):
    factories.chat(account)
    factories.chat(account, agent=agent)

    assert read_desk(stranger).chats == []


def test_desk_of_manager_is_empty(account, manager):
    factories.chat(account)

    assert read_desk(manager).chats == []


def test_unread_counts_what_the_visitor_said_since_the_agent_looked(account, agent):
    chat = factories.chat(account, says=("One", "Two", "Three"), agent=agent)
    post_message(conversation=chat, side=Conversation.Side.AGENT, agent=agent, body="Four")

    before = read_desk(agent).mine[0].unread
    mark_seen(conversation=chat, seq=2)
    after = read_desk(agent).mine[0].unread

    assert (before, after) == (3, 1)


def test_attention_is_people_who_wait_and_own_unread(account, agent, teammate):
    factories.chat(account)
    factories.chat(account, says=("One", "Two"), agent=agent)
    factories.chat(account, says=("One", "Two", "Three"), agent=teammate)

    assert read_desk(agent).attention == 3


def test_newest_message_is_the_last_text_not_the_last_entry(account, agent):
    chat = factories.chat(account, says=("First words", "Last words"))
    accept_chat(conversation=chat, agent=agent)

    assert read_desk(agent).mine[0].newest.body == "Last words"


def test_newest_message_is_somebodys_and_not_the_bots(account, agent):
    chat = factories.chat(account, says=("My words",))
    add_entry(chat, side="bot", body="Words of nobody")

    assert read_desk(agent).waiting[0].newest.body == "My words"


def test_chat_without_words_has_no_newest_message(account, agent):
    factories.chat(account, says=())

    assert read_desk(agent).waiting[0].newest is None


def test_cut_desk_keeps_own_chats(account, agent, teammate, monkeypatch):
    monkeypatch.setattr(desks, "LIMIT", 2)
    factories.chat(account, agent=teammate, created_at=ago(9))
    waiting = factories.chat(account, created_at=ago(8))
    own = factories.chat(account, agent=agent, created_at=ago(1))

    desk = read_desk(agent)

    assert (desk.mine, desk.waiting, desk.others, desk.is_cut) == ([own], [waiting], [], True)


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries(
    count, account, agent, teammate, agent_client, django_assert_num_queries
):
    for _ in range(count):
        factories.chat(account)
        factories.chat(account, agent=agent)
        factories.chat(account, agent=teammate)
    agent_client.get(reverse("chat_list"))

    with django_assert_num_queries(4), django_assert_num_queries(1, using="vault"):
        agent_client.get(reverse("chat_list"))
