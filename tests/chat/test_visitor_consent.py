"""Consent of a visitor: asked again when the words change, taken home, taken back in one tap."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import Conversation, Message
from chat.services.conversations import start_chat
from chat.services.messages import post_message
from helpdesk.models import Contact
from privacy.models import ConsentRecord, DataKey, Erasure
from privacy.services.people.consent import ConsentMissing, Given, needs_asking
from privacy.services.people.notices import current_notice
from tests import factories
from tests.chat.visiting import answers, visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun(account):
    """A chat that began with a consent, and its token."""
    notice = factories.asks(account, "I agree to be answered.")
    return start_chat(account=account, name="Vera", email="", question="Hello?", given=Given.to_all(notice))


def states():
    return [record.state for record in ConsentRecord.objects.order_by("at", "pk")]


def test_new_words_are_asked_before_the_next_message_and_nothing_is_stored_until_then(account, begun):
    chat, token = begun
    factories.asks(account, "I agree to something new.")

    refused = visit("visitor_messages", account, token=token, data={"body": "Still there?"})
    pane = visit("visitor_conversation", account, token=token).content.decode()

    assert refused.status_code == 409
    assert Message.objects.filter(conversation=chat).count() == 1
    assert "I agree to something new." in pane
    assert "<chat-composer" not in pane


def test_chat_goes_on_once_the_new_words_are_agreed_to(account, begun):
    chat, token = begun
    factories.asks(account, "I agree to something new.")
    agreed = {"consent_answer": "on", "notice": str(current_notice(account).version)}

    refused = visit("visitor_agree", account, token=token, data=agreed | {"consent_answer": ""})
    taken = visit("visitor_agree", account, token=token, data=agreed)
    said = visit("visitor_messages", account, token=token, data={"body": "Still there?"})

    assert (refused.status_code, taken.status_code, said.status_code) == (422, 200, 201)
    assert "<chat-composer" in taken.content.decode()
    assert states() == ["given", "given"]
    assert not needs_asking(account=account, person=chat.contact)


def test_other_words_than_those_in_force_let_no_chat_go_on(account, begun):
    _chat, token = begun
    old = current_notice(account).version
    factories.asks(account, "I agree to something new.")

    answer = visit("visitor_agree", account, token=token, data={"consent_answer": "on", "notice": str(old)})

    assert answer.status_code == 422
    assert "I agree to something new." in answer.content.decode()
    assert states() == ["given"]


def test_agents_write_on_while_the_visitor_is_asked_again(account, begun, agent):
    chat, _token = begun
    factories.asks(account, "I agree to something new.")

    entry = post_message(conversation=chat, side="agent", body="We are here.", agent=agent)

    assert entry.seq == 2
    with pytest.raises(ConsentMissing):
        post_message(conversation=Conversation.objects.get(), side="visitor", body="Me too.")


def test_one_tap_withdraws_ends_and_erases(account, begun):
    chat, token = begun
    keys = {chat.key_id, chat.contact.key_id}

    answer = visit("visitor_withdraw", account, token=token, data={})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "You have withdrawn your consent." in page
    assert "has been erased" in page
    assert (Conversation.objects.count(), Contact.objects.count()) == (0, 0)
    assert not DataKey.objects.filter(pk__in=keys).exists()
    assert states() == ["given", "withdrawn"]
    reasons = {erasure.begun.params["reason"] for erasure in Erasure.objects.all()}
    assert reasons == {"consent_withdrawn", "nothing_left"}


def test_withdrawal_that_only_stops_keeps_the_chat_closed_until_its_time(account, begun):
    account.withdrawal = "stop"
    account.save()
    _chat, token = begun

    answer = visit("visitor_withdraw", account, token=token, data={})

    assert "You have withdrawn your consent." in answer.content.decode()
    chat = Conversation.objects.get()
    assert (chat.status, chat.closed_by) == ("closed", "visitor")
    assert states() == ["given", "withdrawn"]


def test_hold_keeps_the_chat_although_consent_is_withdrawn(account, begun):
    chat, token = begun
    factories.hold(chat)

    answer = visit("visitor_withdraw", account, token=token, data={})

    assert answer.status_code == 200
    assert Conversation.objects.get().status == "closed"
    assert states() == ["given", "withdrawn"]


def test_second_tap_changes_nothing(account, begun):
    account.withdrawal = "stop"
    account.save()
    _chat, token = begun
    visit("visitor_withdraw", account, token=token, data={})

    again = visit("visitor_withdraw", account, token=token, data={})

    assert again.status_code == 200
    assert states() == ["given", "withdrawn"]


@pytest.mark.parametrize("name", ["visitor_withdraw", "visitor_agree"])
def test_another_token_changes_nothing(account, begun, name):
    assert visit(name, account, token="c" * 43, data={}).status_code == 404
    assert states() == ["given"]
    assert Conversation.objects.get().status == "waiting"


def test_copy_says_what_was_agreed_to_as_data_and_as_text(account, begun):
    _chat, token = begun

    text = visit("visitor_consent_copy", account, token=token).content.decode()
    data = json.loads(as_data(account, token))

    assert "I agree to be answered." in text
    assert data["controller"] == "Bramble Books"
    (answer,) = data["answers"]
    assert (answer["purpose"], answer["state"], answer["words"]) == (
        "answer",
        "given",
        "I agree to be answered.",
    )
    assert data["code"] == ConsentRecord.objects.get().subject
    assert visit("visitor_consent_copy", account, token="c" * 43).status_code == 404


def as_data(account, token):
    address = reverse("visitor_consent_copy", args=[account.public_id])
    return Client(headers={"X-Chat-Token": token}).get(address, {"as": "json"}).content


def test_refusing_says_what_is_possible_instead_and_stores_nothing(account):
    account.refusal = {"en": "Call us: +44 1225 0000."}
    account.save()
    before = DataKey.objects.count()

    answer = visit("chat_start", account, token=None, data=answers(consent_answer=""))

    assert answer.status_code == 422
    assert "Call us: +44 1225 0000." in answer.content.decode()
    assert (Conversation.objects.count(), ConsentRecord.objects.count()) == (0, 0)
    assert DataKey.objects.count() == before


@pytest.mark.parametrize("said", [{}, {"site_consent": "refused"}, {"site_consent": "yes"}])
def test_site_that_asks_itself_must_say_yes(account, said):
    factories.asks_by(account, "none")

    answer = visit("chat_start", account, token=None, data=answers(**said))

    assert answer.status_code == 422
    assert Conversation.objects.count() == 0


def test_proof_of_a_site_that_asked_itself_is_kept(account):
    factories.asks_by(account, "none")
    said = {"site_consent": "given", "site_reference": "cmp-17", "notice": "2"}

    answer = visit("chat_start", account, token=None, data=answers(**said))

    assert answer.status_code == 201
    record = ConsentRecord.objects.get()
    assert (record.mechanism, record.reference, record.state) == ("none", "cmp-17", "given")


def test_billboard_informs_and_is_no_consent(account):
    account.billboard = {"en": "We answer from 9 to 5 & keep chats for a day."}
    account.save()
    factories.asks_by(account, "billboard")

    page = visit("chat_page", account).content.decode()
    visit("chat_start", account, token=None, data=answers())

    assert "We answer from 9 to 5 &amp; keep chats for a day." in page
    assert 'type="checkbox"' not in page
    assert (Conversation.objects.count(), ConsentRecord.objects.count()) == (1, 0)


def test_several_purposes_may_be_asked_as_one_list(account):
    factories.asks_for(account, "news", "Send me news.")
    account.consent_together = True
    account.consent_introduction = {"en": "I agree that my words are used:"}
    account.save()
    notice = factories.published(account)
    given = answers(notice=str(notice.version))

    page = visit("chat_page", account).content.decode()
    refused = visit("chat_start", account, token=None, data=given | {"consent": ["news"]})
    begun = visit("chat_start", account, token=None, data=given | {"consent": ["answer"]})

    assert "I agree that my words are used:" in page
    assert "checked" not in page
    assert (refused.status_code, begun.status_code) == (422, 201)
    assert {record.purpose: record.state for record in ConsentRecord.objects.all()} == {
        "answer": "given",
        "news": "refused",
    }
