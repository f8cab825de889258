"""Slips in a chat: masked on every way in, before anything is stored, with both sides told."""

from uuid import uuid4

import pytest
from django.urls import reverse

from chat.models import Conversation, Message
from chat.services.conversations import start_chat
from chat.services.leaving import leave_message
from chat.services.messages import post_message
from chat.transcript import transcript_of
from helpdesk.models import Account, Ticket
from privacy.models import ConsentNotice
from privacy.services.people.consent import Given
from privacy.services.people.export import export_person
from privacy.services.tracing.traces import find_traces
from tests import factories
from tests.chat.visiting import TOKEN, answers, visit

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "4111111111111111"
SLIP, MASKED = f"My card is {NUMBER}", "My card is •••• 1111"
TOLD = "We masked a card number before storing it."


@pytest.fixture
def chat(account, agent) -> Conversation:
    return factories.chat(account, agent=agent, token=TOKEN)


def bodies() -> list[tuple[str, str]]:
    return [(message.body, message.masked) for message in Message.objects.all()]


def test_visitor_s_message_is_masked_and_they_are_told(chat, account):
    answer = visit("visitor_messages", account, data={"body": SLIP, "client_id": uuid4().hex})

    entry = chat.messages.last()
    assert (entry.body, entry.masked) == (MASKED, "card")
    assert MASKED in answer.text
    assert TOLD in answer.text
    assert NUMBER not in answer.text
    assert TOLD in visit("visitor_conversation", account).text


def test_question_before_the_chat_is_masked(account):
    page = visit("chat_start", account, token=None, data=answers(question=SLIP))

    assert Message.objects.get().body == MASKED
    assert TOLD in page.text


def test_service_masks_whatever_calls_it(account):
    notice = Given.to_all(ConsentNotice.objects.get(account=account))

    started = start_chat(account=account, name="", email="", question=SLIP, given=notice)
    post_message(conversation=started.conversation, side="visitor", body="Passwort: geheim7")

    assert bodies() == [(MASKED, "card"), ("Passwort: ••••", "password")]


def test_agent_who_repeats_a_slip_is_masked_and_told(chat, agent_client):
    content = {"body": SLIP, "client_id": uuid4().hex, "after": chat.last_seq}

    news = agent_client.post(
        reverse("chat_messages", args=[chat.pk]), content, headers={"Accept": "application/json"}
    ).json()

    assert chat.messages.last().body == MASKED
    html = news["entries"][0]["html"]
    assert MASKED in html
    assert TOLD in html
    assert TOLD in agent_client.get(reverse("chat_detail", args=[chat.pk])).text


def test_message_sent_twice_is_masked_once(chat):
    sent = {"conversation": chat, "side": "visitor", "body": SLIP, "client_id": uuid4()}

    first, again = post_message(**sent), post_message(**sent)

    assert first == again
    assert again.body == MASKED


def test_account_that_decided_so_stores_what_was_typed(chat, account):
    Account.objects.filter(pk=account.pk).update(mask_slips=False)

    answer = visit("visitor_messages", account, data={"body": SLIP})

    entry = chat.messages.last()
    assert (entry.body, entry.masked) == (SLIP, "")
    assert "We masked" not in answer.text


def test_order_number_stays_and_nobody_is_told_anything(chat, account):
    answer = visit("visitor_messages", account, data={"body": f"My order number is {NUMBER}"})

    assert (chat.messages.last().body, chat.messages.last().masked) == (f"My order number is {NUMBER}", "")
    assert "We masked" not in answer.text


def test_message_left_becomes_a_ticket_without_the_slip(chat, account):
    left = {"name": "Vera", "email": "vera@mail.example", "consent_answer": "on", "notice": "1"}

    page = visit("visitor_leave_message", account, data=left | {"message": f"{SLIP}\nPlease"})

    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.messages.get().body) == (MASKED, f"{MASKED}\nPlease")
    assert ticket.messages.get().masked == "card"
    assert TOLD in page.text


def test_subject_of_a_left_message_is_cut_after_it_was_masked(chat, account):
    """Half a card number is none, so a number that stands where the subject ends would stay in part."""
    message = f"{'Hello ' * 11}my card is 4111 1111 1111 1111"

    leave_message(
        conversation=chat,
        name="",
        email="vera@mail.example",
        message=message,
        given=Given.to_all(ConsentNotice.objects.get(account=account)),
    )

    assert "4111" not in Ticket.objects.get().subject


def test_nothing_of_a_slip_is_anywhere(chat, account, agent_client):
    unmasked = "tr0ub4dor-and-3"

    visit("visitor_messages", account, data={"body": f"password: {unmasked}, {SLIP}"})
    agent_client.post(reverse("chat_messages", args=[chat.pk]), {"body": SLIP, "after": 0})

    assert (find_traces(NUMBER).places, find_traces(unmasked).places) == ({}, {})
    assert find_traces("My card is •••• 1111").places != {}


def test_copies_say_what_was_masked_and_not_what_it_was(chat):
    post_message(conversation=chat, side="visitor", body=f"{SLIP}, password: tr0ub4dor")

    text, copied = transcript_of(chat), export_person(chat.contact)

    assert "We masked a card number and a password before storing them." in text
    said = copied["categories"]["chat"]["chat.message"][-1]
    assert (said["body"], said["masked"]) == ("My card is •••• 1111, password: ••••", "card password")
