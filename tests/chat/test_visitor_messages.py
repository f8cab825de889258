"""What a visitor may do in their chat with the token, and nobody without it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat import bell
from chat.models import MESSAGE_LIMIT, Conversation, Message
from chat.services.conversations import accept_chat, end_chat
from chat.services.messages import post_message
from privacy.categories import Category
from privacy.gate import gate
from privacy.models import DailyCount
from privacy.terms import Rule
from tests import factories
from tests.chat.visiting import OTHER_TOKEN, TOKEN, visit
from tests.ports import free_port

VIEWS = [
    ("visitor_conversation", None),
    ("visitor_messages", {"body": "Hello"}),
    ("visitor_typing", {}),
    ("visitor_transcript", None),
    ("visitor_leave_message", None),
    (
        "visitor_leave_message",
        {"email": "vera@mail.example", "message": "Hi", "consent_answer": "on", "notice": "1"},
    ),
    ("visitor_end", {}),
]


@pytest.fixture
def chat(account) -> Conversation:
    return factories.chat(account, token=TOKEN)


@pytest.fixture
def heard():
    """What the bell tells while the test runs."""
    rings: list[dict] = []
    bell.listen(rings.append)
    yield rings
    bell.unlisten(rings.append)


def ratings() -> dict[str, int]:
    counted = DailyCount.objects.filter(name__startswith="chat_rating")
    return dict(counted.values_list("name", "value"))


@pytest.mark.parametrize(("name", "data"), VIEWS)
@pytest.mark.parametrize(
    "token", [None, "", OTHER_TOKEN, TOKEN.upper(), TOKEN + "a", TOKEN[:-1], "null", "%", "é" * 43]
)
def test_wrong_token_opens_nothing(chat, account, name, data, token):
    response = visit(name, account, token=token, data=data)

    assert response.status_code == 404
    assert Message.objects.count() == 1
    assert Conversation.objects.get().status == "waiting"


@pytest.mark.parametrize(("name", "data"), VIEWS)
def test_token_opens_nothing_in_another_account(chat, other_account, name, data):
    factories.chat(other_account, token=OTHER_TOKEN)

    assert visit(name, other_account, data=data).status_code == 404
    assert Message.objects.count() == 2


@pytest.mark.parametrize(("name", "data"), VIEWS)
def test_chat_of_an_account_that_is_switched_off_is_away_and_not_gone(chat, account, name, data, caplog):
    account.is_active = False
    account.save()

    statuses = [visit(name, account, token=token, data=data).status_code for token in (TOKEN, OTHER_TOKEN)]

    assert statuses == [503, 503]
    assert caplog.messages == []
    assert Conversation.objects.get().status == "waiting"
    account.is_active = True
    account.save()
    assert visit("visitor_conversation", account).status_code == 200


@pytest.mark.parametrize("name", ["visitor_messages", "visitor_typing", "visitor_end"])
def test_nothing_changes_by_a_get(chat, account, name):
    assert visit(name, account).status_code == 405


def test_conversation_shows_what_was_said_as_text(chat, account, agent):
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", agent=agent, body="<b>Bold</b> & [link](javascript:x)")

    page = visit("visitor_conversation", account).content.decode()

    assert 'role="log" aria-label="Conversation"' in page
    assert "Where is my order?" in page
    assert "Ada Agent joined the chat" in page
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; [link](javascript:x)" in page


def test_agents_address_is_never_shown_to_a_visitor(chat, account):
    nameless = factories.user(account=account, name="", email="secret.agent@staff.example")
    accept_chat(conversation=chat, agent=nameless)
    post_message(conversation=chat, side="agent", agent=nameless, body="Hello")

    for name in ("visitor_conversation", "visitor_transcript"):
        assert "secret.agent" not in visit(name, account).content.decode()


@pytest.mark.parametrize("messages", [1, 3])
def test_conversation_costs_the_same_however_long_it_is(
    account, agent, messages, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(gate, "_open_until", float("inf"))  # it asks anew every few seconds
    chat = factories.chat(account, token=TOKEN, says=("Hello",) * messages)
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", agent=agent, body="Hello")

    # The account, the chat with its agent, the entries with theirs, rules of chats and files; all keys.
    with django_assert_num_queries(10), django_assert_num_queries(1, using="vault"):
        visit("visitor_conversation", account)


def test_message_is_said_once_however_often_it_is_sent(chat, account):
    message = {"body": "Twice?", "client_id": str(uuid4())}

    first = visit("visitor_messages", account, data=message)
    second = visit("visitor_messages", account, data=message)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert f'data-client-id="{message["client_id"]}"' in first.content.decode()
    assert [entry.body for entry in chat.messages.all()] == ["Where is my order?", "Twice?"]


@pytest.mark.parametrize("limit", [MESSAGE_LIMIT])
def test_message_of_the_full_length_is_taken_whole(chat, account, limit):
    lines = ("é" * 99 + "\r\n") * (limit // 100)  # browsers send a line break as two characters

    response = visit("visitor_messages", account, data={"body": lines})

    assert response.status_code == 201
    assert chat.messages.last().body == lines.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("", "Please write something first."),
        (" \n\t ", "Please write something first."),
        ("x" * 4001, "A message has at most 4000 characters; this one has 4001."),
        ("a\x00b", "characters that can&#x27;t be shown"),
        ("a\x1bb", "characters that can&#x27;t be shown"),
    ],
)
def test_bad_message_is_refused_in_words(chat, account, body, answer):
    response = visit("visitor_messages", account, data={"body": body})

    assert response.status_code == 422
    assert answer in response.content.decode()
    assert response.content.decode().count("<p>") == 1
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "body", [b"body=a%ED%A0%80b", b"body=%FF%FE", b'{"body": "\\ud800"}', b"\x00" * 50, b""]
)
def test_malformed_bodies_are_no_error_of_the_server(chat, account, client, body):
    response = client.post(
        f"/chat/{account.public_id}/messages/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Chat-Token": TOKEN},
    )

    assert response.status_code in {201, 422}
    assert "\ud800" not in chat.messages.last().body


@pytest.mark.parametrize("client_id", ["x", "1" * 500, "null"])
def test_malformed_client_id_is_refused(chat, account, client_id):
    response = visit("visitor_messages", account, data={"body": "Hello", "client_id": client_id})

    assert response.status_code == 422


def test_message_to_a_closed_chat_is_gone(chat, account):
    end_chat(conversation=chat, side="agent")

    assert visit("visitor_messages", account, data={"body": "Still there?"}).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_typing_is_told_once_in_a_while_and_only_to_an_agent(chat, account, agent, heard, settings):
    settings.LETHE_REDIS_URL = ""
    visit("visitor_typing", account, data={})
    accept_chat(conversation=chat, agent=agent)
    heard.clear()

    for _ in range(5):
        visit("visitor_typing", account, data={})

    assert heard == [{"chat": chat.pk.hex, "account": account.pk, "typing": "visitor"}]


def test_typing_is_no_error_while_redis_is_away(chat, account, agent, settings):
    accept_chat(conversation=chat, agent=agent)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        }
    }

    assert visit("visitor_typing", account, data={}).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_end_erases_at_once_and_keeps_the_rating_without_the_person(chat, account):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)

    response = visit("visitor_end", account, data={"rating": "4"})

    assert "This chat has been erased" in response.content.decode()
    assert not Conversation.objects.exists()
    assert ratings() == {"chat_rating_4": 1}
    assert visit("visitor_conversation", account).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_end_tells_when_the_chat_will_be_erased(chat, account):
    response = visit("visitor_end", account, data={})

    due = (timezone.now() + timedelta(days=30)).date()
    assert f'datetime="{due}' in response.content.decode()
    assert Conversation.objects.get().closed_by == "visitor"
    assert "This chat is over" in visit("visitor_conversation", account).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rating", ["0", "6", "x", "-1", "5.0", "", "5\x00"])
def test_rating_that_makes_no_sense_ends_the_chat_all_the_same(chat, account, rating):
    response = visit("visitor_end", account, data={"rating": rating})

    assert response.status_code == 200
    assert Conversation.objects.get().status == "closed"
    assert ratings() == {}


@pytest.mark.django_db(transaction=True)
def test_chat_ended_twice_is_rated_once(chat, account):
    visit("visitor_end", account, data={"rating": "5"})
    visit("visitor_end", account, data={"rating": "5"})

    assert ratings() == {"chat_rating_5": 1}


def test_transcript_keeps_what_turns_the_direction_inside_the_messages(chat, account, agent):
    account.name, agent.name = "Bram\u202ebles", "A\u2067da"
    account.save()
    agent.save()
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", agent=agent, body="Write \u202eback\u202c here")

    lines = visit("visitor_transcript", account).content.decode().splitlines()

    turned = [line for line in lines if "\u202e" in line or "\u2067" in line]
    assert turned == ["Write \u202eback\u202c here"]
    assert lines[0].startswith("Chat with Brambles, ")


def test_transcript_is_a_text_file_of_what_was_said(chat, account, agent):
    account.time_zone = "Asia/Kolkata"
    account.save()
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", agent=agent, body="It is\non its way.")
    Message.objects.update(created_at="2026-11-24T08:30:00Z")

    response = visit("visitor_transcript", account)

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="chat-')
    assert response.content.decode().split("\n\n")[1:] == [
        "[14:00] You:\nWhere is my order?",
        "[14:00] Ada Agent joined the chat",
        "[14:00] Ada Agent:\nIt is\non its way.\n",
    ]
