"""A sensitive value: asked for, sealed apart, seen once by who asked, and gone with its key."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from chat import tasks
from chat.models import Conversation, Message, SecureRequest, SecureValue
from chat.services.conversations import close_abandoned_chats, end_chat
from chat.services.leaving import leave_message
from chat.services.messages import ChatEnded, post_message
from chat.services.secure import (
    NoSuchRequest,
    NotTheAsker,
    RequestOver,
    answer_request,
    ask_for_value,
    decline_request,
    erase_spent_values,
    expire_requests,
    view_value,
)
from chat.transcript import transcript_of
from helpdesk.models import Account
from privacy.categories import Category
from privacy.models import ConsentNotice, DataKey, LedgerEntry, Tombstone
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.people.consent import Given
from privacy.services.people.export import export_person
from privacy.services.tracing.traces import find_traces
from privacy.terms import Rule
from tests import factories
from tests.privacy.failing import breaking

pytestmark = pytest.mark.django_db(transaction=True)

LABEL, WHY, VALUE, REASON = "Your IBAN", "For the refund", "DE89370400440532013000", "To enter the refund"


@pytest.fixture
def chat(account, agent) -> Conversation:
    return factories.chat(account, agent=agent)


@pytest.fixture
def asked(chat, agent) -> SecureRequest:
    return ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY).secure


@pytest.fixture
def answered(chat, asked) -> SecureRequest:
    answer_request(conversation=chat, request_id=asked.pk, value=VALUE)
    asked.refresh_from_db()
    return asked


def view(request: SecureRequest, agent, **values) -> str:
    return view_value(
        conversation=request.conversation, request_id=request.pk, agent=agent, **{"reason": REASON} | values
    )


def kinds(chat: Conversation) -> list[tuple[str, str]]:
    return [(entry.kind, entry.body) for entry in chat.messages.filter(secure__isnull=False)]


def entries(*actions: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(action__in=actions).order_by("seq"))


# --- Asking


def test_question_stands_in_the_chat_and_counts_hours_from_now(chat, agent, asked):
    assert kinds(chat) == [("asked", f"{LABEL}\n{WHY}")]
    assert (asked.agent, asked.label, asked.state, asked.key_id) == (agent, LABEL, "asked", chat.key_id)
    assert asked.hours == 24


def test_account_decides_how_long_a_value_waits(chat, agent, account):
    Account.objects.filter(pk=account.pk).update(secure_hours=3)

    entry = ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY)

    assert entry.secure.hours == 3


def test_slip_in_the_question_is_masked(chat, agent):
    entry = ask_for_value(conversation=chat, agent=agent, label=f"Is {VALUE} right?", why=f"I read {VALUE}")

    assert entry.secure.label == "Is •••• 3000 right?"
    assert entry.body == "Is •••• 3000 right?\nI read •••• 3000"


@pytest.mark.parametrize("by", ["teammate", "stranger", "owner"])
def test_only_the_agent_of_the_chat_can_ask(chat, by, request):
    with pytest.raises(ChatEnded):
        ask_for_value(conversation=chat, agent=request.getfixturevalue(by), label=LABEL, why=WHY)

    assert not SecureRequest.objects.exists()


def test_nothing_is_asked_in_a_chat_that_is_over(chat, agent):
    end_chat(conversation=chat, side="agent")

    with pytest.raises(ChatEnded):
        ask_for_value(conversation=chat, agent=agent, label=LABEL, why=WHY)


# --- Answering


def test_value_is_sealed_under_a_key_of_its_own_and_not_masked(chat, answered):
    stored = SecureValue.objects.get()

    assert stored.value == VALUE
    assert stored.key_id not in {chat.key_id, chat.contact.key_id}
    assert DataKey.objects.get(pk=stored.key_id).kind == "secure"
    assert kinds(chat)[1:] == [("answered", LABEL)]
    assert answered.state == "answered"


def test_value_waits_from_the_answer_on(chat, asked):
    SecureRequest.objects.filter(pk=asked.pk).update(expires_at=timezone.now() + timedelta(minutes=1))

    answer_request(conversation=chat, request_id=asked.pk, value=VALUE)

    asked.refresh_from_db()
    assert asked.hours == 24


def test_question_is_answered_once(chat, answered):
    with pytest.raises(RequestOver):
        answer_request(conversation=chat, request_id=answered.pk, value="another one")
    with pytest.raises(RequestOver):
        decline_request(conversation=chat, request_id=answered.pk)

    assert SecureValue.objects.get().value == VALUE


def test_question_of_another_chat_is_unknown(account, asked, agent):
    other = factories.chat(account, agent=agent)

    for unknown in (asked.pk, uuid4()):
        with pytest.raises(NoSuchRequest):
            answer_request(conversation=other, request_id=unknown, value=VALUE)

    assert not SecureValue.objects.exists()


def test_visitor_may_say_no(chat, asked, agent):
    decline_request(conversation=chat, request_id=asked.pk)

    with pytest.raises(RequestOver):
        answer_request(conversation=chat, request_id=asked.pk, value=VALUE)
    assert kinds(chat)[1:] == [("declined", LABEL)]
    assert SecureRequest.objects.get().over_at is not None


# --- Seeing it once


def test_value_is_shown_once_and_gone_with_its_key(chat, answered, agent):
    key = SecureValue.objects.get().key_id

    assert view(answered, agent) == VALUE

    with pytest.raises(RequestOver) as over:
        view(answered, agent)
    seen = over.value.request
    assert (seen.state, seen.agent, seen.reason) == ("viewed", agent, REASON)
    assert seen.over_at is not None
    assert not SecureValue.objects.exists()
    assert not DataKey.objects.filter(pk=key).exists()
    assert Tombstone.objects.filter(key_id=key).exists()
    assert kinds(chat)[2:] == [("viewed", LABEL)]
    assert find_traces(VALUE).places == {}


@pytest.mark.parametrize("by", ["teammate", "supervisor", "owner", "stranger"])
def test_nobody_else_sees_it_and_trying_erases_nothing(answered, by, request):
    with pytest.raises(NotTheAsker):
        view(answered, request.getfixturevalue(by))

    assert SecureValue.objects.get().value == VALUE


def test_of_two_at_once_exactly_one_sees_it(answered, agent):
    start, outcomes = threading.Barrier(2), []

    def look() -> None:
        start.wait()
        try:
            outcomes.append(view(answered, agent))
        except RequestOver as over:
            outcomes.append(over.request.state)
        finally:
            connections.close_all()

    tabs = [threading.Thread(target=look) for _tab in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()

    assert sorted(outcomes) == [VALUE, "viewed"]
    assert Message.objects.filter(kind="viewed").count() == 1


def test_value_whose_erasure_fails_is_shown_to_nobody_again_and_goes_later(answered, agent):
    with breaking("vault", 'DELETE FROM "privacy_datakey"'):
        assert view(answered, agent) == VALUE

    with pytest.raises(RequestOver):
        view(answered, agent)
    assert len(finish_open_erasures(older_than=timedelta())) == 1
    assert not DataKey.objects.filter(kind="secure").exists()
    assert find_traces(VALUE).places == {}


def test_value_that_was_seen_when_the_process_died_goes_by_the_timetable(answered, agent, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("chat.services.secure.erase_spent_values", lambda **_: 0)
        view(answered, agent)
    assert SecureValue.objects.exists()

    tasks.expire_secure_values()

    assert not SecureValue.objects.exists()
    assert not DataKey.objects.filter(kind="secure").exists()


def test_slip_in_the_reason_is_masked(answered, agent):
    view(answered, agent, reason=f"To check {VALUE} again")

    answered.refresh_from_db()
    assert answered.reason == "To check •••• 3000 again"


# --- Its time


def test_value_that_nobody_saw_in_time_is_erased(chat, answered, agent):
    SecureRequest.objects.update(expires_at=timezone.now())
    before = chat.messages.last().created_at

    with pytest.raises(RequestOver):
        view(answered, agent)
    tasks.expire_secure_values()

    chat.refresh_from_db()
    assert kinds(chat)[2:] == [("expired", LABEL)]
    assert chat.last_message_at <= before  # nobody said anything
    assert not SecureValue.objects.exists()
    assert not DataKey.objects.filter(kind="secure").exists()


def test_question_that_nobody_answered_in_time_is_over(chat, asked):
    SecureRequest.objects.update(expires_at=timezone.now())

    with pytest.raises(RequestOver):
        answer_request(conversation=chat, request_id=asked.pk, value=VALUE)
    expire_requests()

    assert kinds(chat)[1:] == [("expired", LABEL)]


def test_value_in_time_is_left_alone(answered):
    assert expire_requests(now=timezone.now() + timedelta(hours=23)) == 0
    assert erase_spent_values() == 0

    assert SecureValue.objects.exists()


@pytest.mark.parametrize("end", ["visitor", "agent", "silence"])
def test_end_of_the_chat_erases_it_at_once(chat, answered, agent, end):
    if end == "silence":
        Conversation.objects.update(last_message_at=timezone.now() - timedelta(days=2))
        close_abandoned_chats()
    else:
        end_chat(conversation=chat, side=end)

    assert Conversation.objects.filter(pk=chat.pk).exists()  # kept for thirty days
    assert not SecureValue.objects.exists()
    assert not DataKey.objects.filter(kind="secure").exists()
    with pytest.raises(RequestOver):
        view(answered, agent)


def test_chat_that_erases_at_once_takes_it_along(chat, account, answered):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)

    end_chat(conversation=chat, side="visitor")

    assert not Conversation.objects.exists()
    assert not SecureRequest.objects.exists()
    assert not DataKey.objects.filter(kind__in=["secure", "chat"]).exists()


def test_chat_that_becomes_a_ticket_takes_nothing_of_it_along(chat, account, answered):
    ticket = leave_message(
        conversation=chat,
        name="",
        email="vera@mail.example",
        message="Where is it?",
        given=Given.to_all(ConsentNotice.objects.get(account=account)),
    )

    assert [message.body for message in ticket.messages.all()] == ["Where is it?"]
    assert find_traces(VALUE).places == {}


def test_open_chat_of_an_account_that_erases_at_once_keeps_it(account, answered):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)

    assert purge().erased == 0
    assert SecureValue.objects.exists()


@pytest.mark.parametrize("how", ["seen", "ended"])
def test_hold_keeps_the_chat_and_not_the_value(chat, answered, agent, how):
    factories.hold(chat)

    if how == "seen":
        view(answered, agent)
    else:
        end_chat(conversation=chat, side="agent")

    assert not SecureValue.objects.exists()
    assert not DataKey.objects.filter(kind="secure").exists()
    assert chat.messages.exists()


def test_erasing_the_person_takes_it_along(chat, answered):
    erase_person(chat.contact, reason="not_necessary")

    assert not SecureRequest.objects.exists()
    assert not DataKey.objects.filter(kind="secure").exists()
    assert find_traces(VALUE).places == {}


# --- What is told of it


def test_ledger_tells_who_did_what_and_not_a_word(chat, account, answered, agent):
    view(answered, agent)

    told = entries("secure.asked", "secure.answered", "secure.viewed")
    assert [entry.action for entry in told] == ["secure.asked", "secure.answered", "secure.viewed"]
    assert [sorted(entry.params) for entry in told] == [["by", "chat"], ["chat"], ["by", "chat"]]
    assert {entry.account_id for entry in told} == {account.pk}
    begun = entries("erasure.begun")[-1]
    assert (begun.params["unit"], begun.params["reason"]) == ("chat.securevalue", "viewed")
    ledger = str([entry.params for entry in LedgerEntry.objects.all()])
    for word in (VALUE, LABEL, WHY, REASON, "Ada", str(chat.pk), chat.pk.hex):
        assert word not in ledger


def test_transcript_tells_that_it_was_asked_answered_and_seen(chat, answered, agent):
    open_one = transcript_of(chat)
    view(answered, agent)
    after = transcript_of(chat)

    lines = [line.split("] ", 1)[1] for line in after.splitlines() if "\u2068" in line]
    assert lines == [
        f"\u2068Ada Agent\u2069 asked for something sensitive: \u2068{LABEL}",
        f"You sent “\u2068{LABEL}\u2069”. It is shown nowhere here.",
        f"\u2068Ada Agent\u2069 saw “\u2068{LABEL}\u2069” once. It is erased.",
    ]
    assert VALUE not in open_one + after


def test_copy_for_the_person_has_it_as_long_as_it_is_stored(chat, answered, agent):
    before = export_person(chat.contact)["categories"]["chat"]
    view(answered, agent)
    after = export_person(chat.contact)["categories"]["chat"]

    assert [row["value"] for row in before["chat.securevalue"]] == [VALUE]
    assert "chat.securevalue" not in after
    asked = after["chat.securerequest"][0]
    assert (asked["label"], asked["state"], asked["reason"]) == (LABEL, "viewed", REASON)
    assert VALUE not in str(after)


def test_what_is_said_around_it_goes_on(chat, answered, agent):
    post_message(conversation=chat, side="agent", agent=agent, body="Thank you")
    view(answered, agent)

    assert [entry.seq for entry in chat.messages.all()] == [1, 2, 3, 4, 5]
