"""The course of a chat, also where two people act at the same moment."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat.models import Conversation, Message
from chat.services.conversations import (
    AlreadyAccepted,
    accept_chat,
    close_abandoned_chats,
    end_chat,
    hash_token,
    start_chat,
)
from chat.services.messages import ChatEnded, mark_seen, post_message
from helpdesk.models import Contact
from privacy.categories import Category
from privacy.models import ConsentNotice, ConsentRecord, DailyCount, DataKey
from privacy.services.erasing.purge import purge
from privacy.services.people.consent import ConsentMissing, Given
from tests import factories
from tests.chat.beside import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def counts(account):
    return dict(DailyCount.objects.filter(account=account).values_list("name", "value"))


def sequence(chat):
    return list(Message.objects.filter(conversation=chat).values_list("seq", flat=True))


def test_chat_starts_with_a_contact_of_its_own(start, account):
    first, second = start(account), start(account)

    assert Contact.objects.filter(account=account).count() == 2
    assert first.conversation.contact_id != second.conversation.contact_id
    assert first.conversation.token_hash == hash_token(first.token)
    assert len(first.token) == 43
    assert first.token not in str(vars(first.conversation))
    assert sequence(first.conversation) == [1]
    assert counts(account) == {"chats_started": 2}
    assert ConsentRecord.objects.filter(account=account).count() == 2


def test_chat_without_consent_stores_nothing(account):
    notice = ConsentNotice.objects.get(account=account)

    with pytest.raises(ConsentMissing):
        start_chat(account=account, name="Vera", email="", question="Hi", given=Given(notice))

    assert Conversation.objects.count() == Contact.objects.count() == Message.objects.count() == 0
    assert counts(account) == {}


def test_chat_without_a_question_begins_empty(start, account):
    chat = start(account, "").conversation

    assert sequence(chat) == []
    assert post_message(conversation=chat, side="visitor", body="Hello").seq == 1


def test_one_of_two_agents_gets_the_chat(start, account, agent, teammate):
    chat = start(account).conversation

    outcomes = at_once(
        lambda: accept_chat(conversation=chat, agent=agent),
        lambda: accept_chat(conversation=chat, agent=teammate),
    )

    chat.refresh_from_db()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyAccepted", "Conversation"]
    winner = agent if isinstance(outcomes[0], Conversation) else teammate
    assert (chat.status, chat.agent_id) == ("active", winner.pk)
    assert sequence(chat) == [1, 2]
    assert counts(account)["chats_accepted"] == 1


def test_accepting_twice_changes_nothing(start, account, agent):
    chat = start(account).conversation

    first = accept_chat(conversation=chat, agent=agent)
    again = accept_chat(conversation=chat, agent=agent)

    assert again.accepted_at == first.accepted_at
    assert sequence(chat) == [1, 2]


def test_chat_of_another_agent_or_a_closed_one_is_not_accepted(start, account, agent, teammate):
    taken, over = start(account).conversation, start(account).conversation
    accept_chat(conversation=taken, agent=agent)
    end_chat(conversation=over, side="visitor")

    with pytest.raises(AlreadyAccepted):
        accept_chat(conversation=taken, agent=teammate)
    with pytest.raises(ChatEnded):
        accept_chat(conversation=over, agent=teammate)


def test_same_client_id_is_said_once_however_often_it_comes(start, account):
    chat, client_id = start(account).conversation, uuid4()

    def post():
        return post_message(conversation=chat, side="visitor", body="Once.", client_id=client_id).pk

    outcomes = at_once(*[post] * 6)

    assert len(set(outcomes)) == 1
    assert Message.objects.filter(conversation=chat, client_id=client_id).count() == 1
    assert sequence(chat) == [1, 2]


def test_same_client_id_in_two_chats_is_two_messages(start, account):
    client_id = uuid4()
    chats = [start(account).conversation for _ in range(2)]

    said = [post_message(conversation=c, side="visitor", body="Hi", client_id=client_id) for c in chats]

    assert said[0].pk != said[1].pk


def test_sequence_has_no_gap_and_no_double(start, account, agent):
    chat = start(account).conversation
    accept_chat(conversation=chat, agent=agent)

    def talk(side):
        for number in range(15):
            post_message(
                conversation=chat, side=side, body=str(number), agent=agent if side == "agent" else None
            )

    outcomes = at_once(*[lambda side=side: talk(side) for side in ("visitor", "agent", "visitor", "agent")])

    assert outcomes == [None] * 4
    assert sequence(chat) == list(range(1, 63))
    chat.refresh_from_db()
    assert chat.last_seq == 62


def test_message_after_the_end_is_refused_and_its_retry_answered(start, account):
    chat, client_id = start(account).conversation, uuid4()
    said = post_message(conversation=chat, side="visitor", body="Bye!", client_id=client_id)
    end_chat(conversation=chat, side="agent")

    with pytest.raises(ChatEnded):
        post_message(conversation=chat, side="visitor", body="Wait!", client_id=uuid4())

    assert post_message(conversation=chat, side="visitor", body="Bye!", client_id=client_id).pk == said.pk


def test_message_and_end_at_the_same_moment_leave_one_order(start, account):
    for _ in range(5):
        chat = start(account).conversation

        said, ended = at_once(
            lambda chat=chat: post_message(conversation=chat, side="visitor", body="And another thing"),
            lambda chat=chat: end_chat(conversation=chat, side="agent"),
        )

        assert ended is True
        kinds = list(Message.objects.filter(conversation=chat).values_list("kind", flat=True))
        assert kinds[-1] == "ended"
        assert ("text" in kinds[1:]) == isinstance(said, Message)
        assert isinstance(said, Message | ChatEnded)


def test_ending_twice_counts_once(start, account):
    chat = start(account).conversation

    outcomes = at_once(*[lambda: end_chat(conversation=chat, side="visitor", rating=4)] * 4)
    end_chat(conversation=chat, side="agent", rating=1)

    chat.refresh_from_db()
    assert sorted(outcomes) == [False, False, False, True]
    assert (chat.status, chat.closed_by) == ("closed", "visitor")
    assert sequence(chat) == [1, 2]
    assert counts(account) == {"chats_started": 1, "chats_closed": 1, "chat_rating_4": 1}


def test_rating_is_kept_without_the_person(start, account):
    for rating in (5, 5, 1, None):
        end_chat(conversation=start(account).conversation, side="visitor", rating=rating)

    assert counts(account) == {"chats_started": 4, "chats_closed": 4, "chat_rating_5": 2, "chat_rating_1": 1}
    assert {field.name for field in DailyCount._meta.fields} == {"id", "account", "day", "name", "value"}


def test_agent_reads_forwards_only(start, account):
    chat = start(account).conversation
    post_message(conversation=chat, side="visitor", body="Hello?")

    for seq in (2, 1, 99):
        mark_seen(conversation=chat, seq=seq)

    chat.refresh_from_db()
    assert chat.agent_seen_seq == 2


def silent(account, *, minutes, **values):
    return factories.chat(account, last_message_at=timezone.now() - timedelta(minutes=minutes), **values)


def test_abandoned_chats_are_closed_after_their_accounts_time(account, other_account, agent):
    account.idle_minutes, other_account.idle_minutes = 10, 60
    account.save()
    other_account.save()
    waiting, active = silent(account, minutes=11), silent(account, minutes=11, agent=agent)
    fresh, theirs = silent(account, minutes=9), silent(other_account, minutes=11)

    closed = close_abandoned_chats()

    assert closed == 2
    status = dict(Conversation.objects.values_list("pk", "status"))
    assert status == {waiting.pk: "closed", active.pk: "closed", fresh.pk: "waiting", theirs.pk: "waiting"}
    last = Message.objects.get(conversation=active, seq=2)
    assert (last.kind, last.side) == ("ended", "system")
    assert close_abandoned_chats() == 0


def test_chats_of_an_account_that_is_switched_off_are_closed_and_erased_all_the_same(account):
    account.idle_minutes, account.is_active = 10, False
    account.save()
    factories.policy(account, Category.CHAT, amount=1)
    silent(account, minutes=11)
    factories.chat(account, closed_at=timezone.now() - timedelta(days=2))

    assert close_abandoned_chats() == 1
    assert purge().as_json()["erased"] == 1
    assert Conversation.objects.get().status == "closed"


def test_chat_that_wakes_up_while_others_are_closed_stays_open(account, monkeypatch):
    account.idle_minutes = 10
    account.save()
    chat = silent(account, minutes=11)
    found = Conversation.objects.open().filter(account=account)

    from chat.services import conversations

    limit = timezone.now() - timedelta(minutes=10)
    stale = found.get(pk=chat.pk)
    post_message(conversation=chat, side="visitor", body="I am back.")

    assert conversations._close_if_silent(stale, since=limit) is False
    chat.refresh_from_db()
    assert chat.status == "waiting"


def test_two_workers_close_an_abandoned_chat_once(account):
    account.idle_minutes = 10
    account.save()
    chats = [silent(account, minutes=11) for _ in range(3)]

    outcomes = at_once(close_abandoned_chats, close_abandoned_chats)

    assert sum(outcomes) == 3
    assert [sequence(chat) for chat in chats] == [[1, 2]] * 3
    assert counts(account) == {"chats_closed": 3}


def test_start_makes_one_key_for_the_person_and_one_for_the_chat(start, account):
    chat = start(account).conversation

    kinds = dict(DataKey.objects.filter(pk__in=[chat.key_id, chat.contact.key_id]).values_list("pk", "kind"))
    assert kinds == {chat.key_id: "chat", chat.contact.key_id: "contact"}
