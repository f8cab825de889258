"""What agents do with a chat: accept, say, see, type, close, and hear."""

import threading
from uuid import uuid4

import pytest
from django.db import connections
from django.urls import reverse

from chat import bell
from chat.models import MESSAGE_LIMIT, Conversation, Message
from chat.services.conversations import AlreadyAccepted, accept_chat, end_chat
from privacy.categories import Category
from privacy.models import DataKey
from privacy.terms import Rule
from tests import factories

AS_JSON = {"Accept": "application/json"}


def url(name: str, chat: Conversation) -> str:
    return reverse(name, args=[chat.pk])


def say(client, chat, body: str, **values):
    content = {"body": body, "client_id": uuid4().hex, "after": 0} | values
    return client.post(url("chat_messages", chat), content, headers=AS_JSON)


def said(chat: Conversation) -> list[tuple[str, str]]:
    return [(m.side, m.body) for m in chat.messages.filter(kind=Message.Kind.TEXT)]


def news(client, chat, after) -> dict:
    return client.get(url("chat_messages", chat), {"after": after}, headers=AS_JSON).json()


# Accept


def test_accept_gives_the_chat_to_the_agent_and_opens_it(account, agent, agent_client):
    chat = factories.chat(account)

    response = agent_client.post(url("chat_accept", chat))

    chat.refresh_from_db()
    assert response["Location"] == url("chat_detail", chat)
    assert (chat.status, chat.agent, chat.messages.last().kind) == ("active", agent, "joined")


def test_accepting_twice_joins_once(account, agent, agent_client):
    chat = factories.chat(account)

    agent_client.post(url("chat_accept", chat))
    response = agent_client.post(url("chat_accept", chat))

    assert response["Location"] == url("chat_detail", chat)
    assert chat.messages.filter(kind="joined").count() == 1


def test_second_agent_is_told_that_another_was_quicker(account, agent, agent_client, teammate_client):
    chat = factories.chat(account)
    agent_client.post(url("chat_accept", chat))

    page = teammate_client.post(url("chat_accept", chat), follow=True)

    chat.refresh_from_db()
    assert chat.agent == agent
    assert page.redirect_chain == [(reverse("chat_list"), 302)]
    assert "Another agent was quicker." in page.content.decode()


def test_ended_chat_is_not_accepted(account, agent_client):
    chat = factories.chat(account)
    end_chat(conversation=chat, side=Conversation.Side.VISITOR)

    page = agent_client.post(url("chat_accept", chat), follow=True)

    assert "This chat has ended already." in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_at_the_same_time_one_gets_the_chat(account, agent, teammate):
    chat = factories.chat(account)
    start, outcomes = threading.Barrier(2), []

    def accept(user):
        start.wait()
        try:
            accept_chat(conversation=chat, agent=user)
            outcomes.append(user)
        except AlreadyAccepted:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=[user]) for user in (agent, teammate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    chat.refresh_from_db()
    assert sorted(outcomes, key=str) == sorted([chat.agent, None], key=str)
    assert chat.messages.filter(kind="joined").count() == 1


# Messages


def test_message_is_said_and_answered_with_what_is_new(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=("Where is it?",))

    answer = say(agent_client, chat, "On its way.\r\nTomorrow.", after=1).json()

    assert said(chat) == [("visitor", "Where is it?"), ("agent", "On its way.\nTomorrow.")]
    assert [(e["seq"], e["side"]) for e in answer["entries"]] == [(2, "agent")]
    assert "On its way.\nTomorrow." in answer["entries"][0]["html"]
    assert (answer["state"], answer["more"]) == ("mine", False)


def test_same_client_id_says_it_once(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())
    once = uuid4().hex

    for _ in range(3):
        assert say(agent_client, chat, "Only once", client_id=once).status_code == 200

    assert said(chat) == [("agent", "Only once")]


def test_form_without_script_comes_back_to_the_chat(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())

    response = agent_client.post(url("chat_messages", chat), {"body": "Plain", "client_id": uuid4().hex})

    assert response["Location"] == url("chat_detail", chat)
    assert said(chat) == [("agent", "Plain")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "Please write something first."),
        ("  \n ", "Please write something first."),
        ("nul \x00 inside", "can't be shown"),
        ("bell \x07 inside", "can't be shown"),
        ("x" * (MESSAGE_LIMIT + 1), "at most 4000 characters; this one has 4001"),
    ],
)
def test_message_that_cannot_be_kept_is_refused_and_stays(body, words, account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())

    answer = say(agent_client, chat, body)
    page = agent_client.post(url("chat_messages", chat), {"body": body, "client_id": uuid4().hex})

    assert (answer.status_code, page.status_code) == (422, 422)
    assert words in " ".join(answer.json()["errors"]).replace("\N{NO-BREAK SPACE}", "").replace(",", "")
    assert ">" + body + "</textarea>" in page.content.decode()
    assert said(chat) == []


@pytest.mark.parametrize("raw", [b"body=%ED%A0%80", b"body=%ff%fe", b"body=%C0%80"])
def test_malformed_bytes_are_no_crash(raw, account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())

    response = agent_client.post(
        url("chat_messages", chat), raw, content_type="application/x-www-form-urlencoded", headers=AS_JSON
    )

    assert response.status_code in {200, 422}
    assert all("\ufffd" in body for _side, body in said(chat))


def test_longest_message_is_kept_whole(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())

    say(agent_client, chat, "ü" * MESSAGE_LIMIT)

    assert said(chat) == [("agent", "ü" * MESSAGE_LIMIT)]


@pytest.mark.parametrize("client_id", ["no-uuid", "1", "'"])
def test_client_id_that_is_none_is_refused(client_id, account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())

    assert say(agent_client, chat, "Words", client_id=client_id).status_code == 422
    assert said(chat) == []


def test_teammate_cannot_write_in_a_chat_of_another(account, agent, teammate_client):
    chat = factories.chat(account, agent=agent, says=())

    assert say(teammate_client, chat, "Me too").status_code == 403
    assert said(chat) == []


def test_nobody_writes_in_a_closed_chat(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=())
    end_chat(conversation=chat, side=Conversation.Side.VISITOR)

    answer = say(agent_client, chat, "Too late")

    assert (answer.status_code, answer.json()["errors"]) == (
        409,
        ["This chat has ended. Your message was not sent."],
    )
    assert said(chat) == []


def test_nobody_writes_in_a_chat_that_waits(account, agent_client):
    chat = factories.chat(account, says=())

    assert say(agent_client, chat, "Too early").status_code == 409
    assert said(chat) == []


def test_news_are_what_is_behind_after(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=("One", "Two", "Three"))

    assert [e["seq"] for e in news(agent_client, chat, 1)["entries"]] == [2, 3]
    assert news(agent_client, chat, 3)["entries"] == []


@pytest.mark.parametrize("after", ["", "-1", "one", "1.5", "9" * 30, "\x00"])
def test_news_behind_nonsense_are_a_bad_request(after, account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    assert agent_client.get(url("chat_messages", chat), {"after": after}).status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_news_ask_the_same_number_of_queries(count, account, agent, agent_client, django_assert_num_queries):
    chat = factories.chat(account, agent=agent, says=("words",) * count)

    # session, person, chat, entries
    with django_assert_num_queries(4), django_assert_num_queries(1, using="vault"):
        news(agent_client, chat, 0)


# Seen, typing, sound


def test_seen_is_remembered_and_never_goes_back(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, says=("One", "Two", "Three"))

    for seq in (2, 1, 99):
        assert agent_client.post(url("chat_seen", chat), {"seq": seq}).status_code == 204

    chat.refresh_from_db()
    assert chat.agent_seen_seq == 2


def test_teammate_who_looks_in_leaves_it_unread(account, agent, teammate_client):
    chat = factories.chat(account, agent=agent)

    teammate_client.post(url("chat_seen", chat), {"seq": 1})

    chat.refresh_from_db()
    assert chat.agent_seen_seq == 0


@pytest.mark.parametrize("seq", ["", "x", "-1"])
def test_seen_up_to_nonsense_is_a_bad_request(seq, account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    assert agent_client.post(url("chat_seen", chat), {"seq": seq}).status_code == 400


def test_typing_rings_for_the_agent_who_answers_only(account, agent, agent_client, teammate_client, settings):
    settings.LETHE_REDIS_URL = ""
    chat, heard = factories.chat(account, agent=agent), []
    bell.listen(heard.append)

    teammate_client.post(url("chat_typing", chat))
    agent_client.post(url("chat_typing", chat))

    bell.unlisten(heard.append)
    assert heard == [{"chat": chat.pk.hex, "account": account.pk, "typing": "agent"}]


@pytest.mark.parametrize(("posted", "on"), [("1", True), ("0", False), ("", False)])
def test_sound_is_the_persons_own_setting(posted, on, agent, teammate, agent_client):
    response = agent_client.post(reverse("chat_sound"), {"on": posted}, headers=AS_JSON)

    agent.refresh_from_db()
    teammate.refresh_from_db()
    assert (response.status_code, agent.sound_on, teammate.sound_on) == (204, on, True)


# Close


@pytest.mark.django_db(transaction=True)
def test_close_erases_at_once_where_the_account_says_so(account, agent, agent_client):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, agent=agent)

    page = agent_client.post(url("chat_close", chat), follow=True)

    assert "The chat is closed and erased." in page.content.decode()
    assert not Conversation.objects.filter(pk=chat.pk).exists()
    assert not DataKey.objects.filter(pk=chat.key_id).exists()
    assert agent_client.get(url("chat_detail", chat)).status_code == 404


def test_close_says_when_the_chat_is_erased(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    page = agent_client.post(url("chat_close", chat), follow=True)

    chat.refresh_from_db()
    assert (chat.status, chat.closed_by) == ("closed", "agent")
    assert "The chat is closed. It will be erased on " in page.content.decode()


def test_teammate_cannot_close_a_chat_of_another(account, agent, teammate_client):
    chat = factories.chat(account, agent=agent)

    assert teammate_client.post(url("chat_close", chat)).status_code == 403
    chat.refresh_from_db()
    assert chat.status == "active"


def test_closing_twice_changes_nothing(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)
    agent_client.post(url("chat_close", chat))
    chat.refresh_from_db()
    closed_at = chat.closed_at

    agent_client.post(url("chat_close", chat))

    chat.refresh_from_db()
    assert chat.closed_at == closed_at
