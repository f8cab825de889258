"""The pages of a sensitive value: the visitor's field, the agent's question, one look; live on both sides."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, SecureRequest, SecureValue
from chat.services.conversations import accept_chat, end_chat
from chat.services.secure import answer_request, ask_for_value
from tests import factories
from tests.chat.visiting import OTHER_TOKEN, TOKEN, visit

pytestmark = pytest.mark.django_db(transaction=True)

LABEL, WHY, VALUE, REASON = "Your IBAN", "For the refund", "DE89370400440532013000", "To enter the refund"
FORM = 'data-form="secure"'
SHOW = "Show it once"


@pytest.fixture
def chat(account, agent) -> Conversation:
    return factories.chat(account, agent=agent, token=TOKEN)


@pytest.fixture
def asked(chat, agent) -> SecureRequest:
    return ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY).secure


@pytest.fixture
def answered(chat, asked) -> SecureRequest:
    answer_request(conversation=chat, request_id=asked.pk, value=VALUE)
    return asked


def ask_page(chat: Conversation) -> str:
    return reverse("chat_secure_ask", args=[chat.pk])


def value_page(request: SecureRequest) -> str:
    return reverse("chat_secure_value", args=[request.conversation_id, request.pk])


def pane(client, chat) -> str:
    return client.get(reverse("chat_detail", args=[chat.pk])).text


def send(account, request, *, token: str = TOKEN, **values: str):
    return visit("visitor_secure", account, token=token, data={"request": request.pk, **values})


# --- The agent asks


def test_agent_asks_by_a_form(chat, account, agent_client):
    form = agent_client.get(ask_page(chat))
    answer = agent_client.post(ask_page(chat), {"label": LABEL, "why": WHY})

    assert "within 24 hours" in form.text
    assert answer.url == reverse("chat_detail", args=[chat.pk])
    assert SecureRequest.objects.get().label == LABEL
    assert "Waits for the visitor's answer" in pane(agent_client, chat)
    page = visit("visitor_conversation", account).text
    assert FORM in page
    assert "Shown once to Ada Agent, then erased." in page
    assert "If nobody looks, it is erased after 24 hours, or when the chat ends." in page


@pytest.mark.parametrize(
    "given", [{"label": "", "why": WHY}, {"label": LABEL, "why": ""}, {"label": "x" * 121, "why": WHY}]
)
def test_question_that_is_incomplete_is_shown_again(chat, agent_client, given):
    answer = agent_client.post(ask_page(chat), given)

    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert not SecureRequest.objects.exists()


def test_others_can_t_ask(chat, teammate_client, owner_client, stranger_client):
    given = {"label": LABEL, "why": WHY}

    statuses = [
        c.post(ask_page(chat), given).status_code for c in (teammate_client, owner_client, stranger_client)
    ]

    assert statuses == [403, 403, 404]
    assert not SecureRequest.objects.exists()


def test_question_in_a_chat_that_is_over_leads_back_to_it(chat, agent_client):
    end_chat(conversation=chat, side="visitor")

    answer = agent_client.post(ask_page(chat), {"label": LABEL, "why": WHY})

    assert answer.url == reverse("chat_detail", args=[chat.pk])
    assert not SecureRequest.objects.exists()


# --- The visitor answers


def test_visitor_sends_a_value_that_is_shown_nowhere(chat, account, asked, agent_client):
    answer = send(account, asked, value=VALUE)

    assert answer.status_code == 201
    assert SecureValue.objects.get().value == VALUE
    pages = [answer.text, visit("visitor_conversation", account).text, pane(agent_client, chat)]
    pages.append(visit("visitor_transcript", account).text)
    assert [VALUE in page for page in pages] == [False] * 4
    assert [FORM in page for page in pages] == [False] * 4
    assert SHOW in pages[2]


@pytest.mark.parametrize("value", ["", "   ", "x" * 1_001, "NUL \x00"])
def test_value_that_is_none_is_refused_with_the_reason(account, asked, value):
    answer = send(account, asked, value=value)

    assert answer.status_code == 422
    assert "<p>" in answer.text
    assert not SecureValue.objects.exists()


def test_visitor_says_no(chat, account, asked, agent_client):
    answer = send(account, asked, value="half typed", decline="1")

    assert "You did not want to send" in answer.text
    assert "The visitor does not want to send" in pane(agent_client, chat)
    assert not SecureValue.objects.exists()


def test_second_answer_is_told_that_it_is_over(account, answered):
    assert send(account, answered, value="other").status_code == 409
    assert send(account, answered, decline="1").status_code == 409


def test_answer_needs_the_token_of_its_own_chat(account, agent, asked):
    factories.chat(account, agent=agent, token=OTHER_TOKEN)

    statuses = [
        send(account, asked, token=token, value=VALUE).status_code for token in (OTHER_TOKEN, "c" * 43)
    ]
    odd = visit("visitor_secure", account, data={"request": "1", "value": VALUE}).status_code

    assert [*statuses, odd] == [404, 404, 422]
    assert not SecureValue.objects.exists()


def test_answer_in_a_chat_that_is_over_stores_nothing(chat, account, asked):
    end_chat(conversation=chat, side="agent")

    assert send(account, asked, value=VALUE).status_code in {409, 410}
    assert not SecureValue.objects.exists()


# --- The agent looks


def test_agent_sees_it_once_for_a_reason(chat, account, answered, agent_client):
    form = agent_client.get(value_page(answered))
    seen = agent_client.post(value_page(answered), {"reason": REASON})
    again = agent_client.post(value_page(answered), {"reason": REASON})
    later = agent_client.get(value_page(answered))

    assert VALUE not in form.text
    assert (seen.status_code, VALUE in seen.text) == (200, True)
    assert "no-store" in seen["Cache-Control"]
    for gone in (again, later):
        assert gone.status_code == 410
        assert VALUE not in gone.text
        assert "Ada Agent saw “Your IBAN” on" in gone.text
    assert SHOW not in pane(agent_client, chat)
    assert (
        "\u2068Ada Agent\u2069 saw “\u2068Your IBAN\u2069” once."
        in visit("visitor_conversation", account).text
    )


@pytest.mark.parametrize("reason", ["", "because", "x" * 301, "two\nlines of reasons"])
def test_value_is_not_shown_without_a_good_reason(answered, agent_client, reason):
    answer = agent_client.post(value_page(answered), {"reason": reason})

    assert answer.status_code == 422
    assert VALUE not in answer.text
    assert SecureValue.objects.exists()


def test_looking_by_a_link_shows_and_erases_nothing(answered, agent_client):
    agent_client.get(value_page(answered), {"reason": REASON})

    assert SecureValue.objects.exists()


def test_others_are_refused(answered, teammate_client, supervisor_client, owner_client, stranger_client):
    clients = (teammate_client, supervisor_client, owner_client, stranger_client, Client())

    for method in ("get", "post"):
        answers = [getattr(client, method)(value_page(answered), {"reason": REASON}) for client in clients]
        assert [answer.status_code for answer in answers] == [403, 403, 403, 404, 302]
        assert not any(VALUE in answer.text for answer in answers)
    assert SecureValue.objects.exists()


def test_value_is_not_found_in_another_chat(account, agent, answered, agent_client):
    other = factories.chat(account, agent=agent)

    page = reverse("chat_secure_value", args=[other.pk, answered.pk])

    assert agent_client.post(page, {"reason": REASON}).status_code == 404
    assert SecureValue.objects.exists()


def test_page_says_what_became_of_it(chat, asked, agent_client):
    waiting = agent_client.get(value_page(asked)).text
    SecureRequest.objects.update(expires_at=timezone.now())
    late = agent_client.get(value_page(asked)).text
    answered = ask_for_value(conversation=chat, agent=asked.agent, label=LABEL, why=WHY).secure
    answer_request(conversation=chat, request_id=answered.pk, value=VALUE)
    end_chat(conversation=chat, side="visitor")
    unseen = agent_client.get(value_page(answered)).text

    assert "The visitor has not sent “Your IBAN” yet." in waiting
    assert "“Your IBAN” was not sent in time." in late
    assert "Nobody saw “Your IBAN” in time. It was erased." in unseen


def test_closed_chat_offers_nothing(chat, account, answered, agent, agent_client):
    ask_for_value(conversation=chat, agent=agent, label="Another", why=WHY)
    end_chat(conversation=chat, side="agent")

    assert SHOW not in pane(agent_client, chat)
    assert FORM not in visit("visitor_conversation", account).text


def test_entries_cost_no_query_each(chat, agent, agent_client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            pane(agent_client, chat)
        return len(seen)

    ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY)
    one = queries()
    for label in ("Second", "Third"):
        entry = ask_for_value(conversation=chat, agent=agent, label=label, why=WHY)
        answer_request(conversation=chat, request_id=entry.secure_id, value=VALUE)

    assert queries() == one


# --- Live


def test_both_sides_hear_of_it_in_the_streams(web, start, account, agent, cookie_of):
    chat, token = start(account)
    chat = accept_chat(conversation=chat, agent=agent)
    visitor, desk = web.visitor(token, after=chat.last_seq), web.agent(cookie_of(agent))

    asked = ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY)
    visitor.wait_for(lambda stream: asked.seq in stream.entries)
    answer = answer_request(conversation=chat, request_id=asked.secure_id, value=VALUE)
    visitor.wait_for(lambda stream: answer.seq in stream.entries)

    heard = {event.id: event.data for event in visitor.events if event.name == ""}
    assert FORM in heard[asked.seq]
    assert f'<secure-step for="{asked.secure_id}">' in heard[answer.seq]
    told = {entry["seq"]: entry for entry in (desk.next_entry(after=asked.seq - 1) for _ in range(2))}
    assert FORM not in told[asked.seq]["html"]
    assert SHOW in told[answer.seq]["html"]
    assert told[answer.seq]["side"] == "visitor"
    assert not any(VALUE in event.data for event in [*visitor.events, *desk.events])
