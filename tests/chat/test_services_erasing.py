"""The promise, kept by the services of the chat: erased at once or by the purge, and nothing lost between."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import Conversation, Message
from chat.services.conversations import end_chat
from chat.services.messages import ChatEnded, post_message
from helpdesk.models import Contact
from privacy.models import DataKey, RetentionPolicy, Tombstone
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.terms import Rule, Unit
from tests import factories
from tests.chat.beside import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once_account(account):
    RetentionPolicy.objects.filter(account=account, category="chat").update(rule=Rule.AT_ONCE)
    return account


def test_end_erases_at_once_with_key_and_contact(start, at_once_account):
    chat = start(at_once_account).conversation
    keys = {chat.key_id, chat.contact.key_id}

    end_chat(conversation=chat, side="visitor", rating=5)

    assert Conversation.objects.count() == Message.objects.count() == Contact.objects.count() == 0
    assert DataKey.objects.filter(pk__in=keys).count() == 0
    assert set(Tombstone.objects.values_list("key_id", flat=True)) == keys


def test_contact_with_an_open_ticket_outlives_their_chat(start, at_once_account):
    chat = start(at_once_account).conversation
    factories.ticket(at_once_account, requester=chat.contact)

    end_chat(conversation=chat, side="visitor")

    contact = Contact.objects.get()
    assert contact.email == "vera@mail.example"
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_both_sides_end_at_the_same_moment(start, at_once_account):
    for _ in range(5):
        chat = start(at_once_account).conversation

        outcomes = at_once(
            lambda chat=chat: end_chat(conversation=chat, side="visitor"),
            lambda chat=chat: end_chat(conversation=chat, side="agent"),
        )

        # The slower one finds it closed, or erased already.
        assert [o for o in outcomes if o is not False and not isinstance(o, ChatEnded)] == [True]
        assert not Conversation.objects.filter(pk=chat.pk).exists()


def test_nothing_can_be_said_in_an_erased_chat(start, at_once_account):
    chat = start(at_once_account).conversation
    end_chat(conversation=chat, side="agent")

    with pytest.raises(ChatEnded):
        post_message(conversation=chat, side="visitor", body="Anybody?")

    assert Message.objects.count() == 0


class BrokenTable:
    """A database that refuses to delete messages, as a full or damaged one does."""

    CREATE = {
        "sqlite": [
            "CREATE TRIGGER broken BEFORE DELETE ON chat_message BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ],
        "postgresql": [
            (
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$"
            ),
            "CREATE TRIGGER broken BEFORE DELETE ON chat_message FOR EACH ROW EXECUTE FUNCTION broken()",
        ],
    }
    DROP = {"sqlite": ["DROP TRIGGER broken"], "postgresql": ["DROP FUNCTION broken CASCADE"]}

    def __enter__(self) -> None:
        self._run(self.CREATE)

    def __exit__(self, *error: object) -> None:
        self._run(self.DROP)

    def _run(self, statements: dict[str, list[str]]) -> None:
        with connection.cursor() as cursor:
            for statement in statements[connection.vendor]:
                cursor.execute(statement)


def test_erasure_that_fails_leaves_a_closed_chat_for_the_purge(start, at_once_account, caplog):
    chat = start(at_once_account).conversation

    with BrokenTable():
        end_chat(conversation=chat, side="visitor", rating=3)

    left = Conversation.objects.get(pk=chat.pk)
    assert left.status == "closed"
    assert "the purge tries again" in caplog.text
    report = purge(now=timezone.now() + timedelta(seconds=30))
    assert report.failed == 0
    assert not Conversation.objects.filter(pk=chat.pk).exists()
    assert not DataKey.objects.filter(pk=chat.key_id).exists()


def test_chat_that_is_kept_is_erased_when_its_term_is_over(start, account):
    factories.policy(account, "chat", amount=2, unit=Unit.HOURS)
    chat = start(account).conversation
    end_chat(conversation=chat, side="visitor")
    closed_at = Conversation.objects.get(pk=chat.pk).closed_at

    early = purge(now=closed_at + timedelta(hours=2) - timedelta(seconds=1))
    late = purge(now=closed_at + timedelta(hours=2))

    assert (early.erased, late.erased) == (0, 1)
    assert Conversation.objects.count() == Contact.objects.count() == 0


def test_open_chat_is_never_purged_and_hears_what_is_said_meanwhile(start, account):
    """A message that arrives during a purge: the chat is open, so it is kept, and nothing is lost."""
    factories.policy(account, "chat", amount=1, unit=Unit.MINUTES)
    chats = [start(account).conversation for _ in range(3)]

    def talk():
        return [post_message(conversation=chat, side="visitor", body="Still here").seq for chat in chats * 5]

    said, report = at_once(talk, lambda: purge(now=timezone.now() + timedelta(days=1)))

    assert len(said) == 15
    assert report.erased == 0
    assert Message.objects.count() == 18


def test_message_that_arrives_while_the_chat_is_erased_is_refused_or_kept_until_then(start, account):
    """An erasure takes an open chat, too; whoever writes at that moment gets a clear answer."""
    for _ in range(8):
        chat = start(account).conversation

        said, erased = at_once(
            lambda chat=chat: post_message(conversation=chat, side="visitor", body="One more thing"),
            lambda chat=chat: erase_units(Conversation, [chat.pk], account_id=account.pk, reason="test"),
        )

        assert isinstance(said, Message | ChatEnded)
        if not erased:  # the row was locked by the writer: the next pass takes it
            erase_units(Conversation, [chat.pk], account_id=account.pk, reason="test")
        assert not Conversation.objects.filter(pk=chat.pk).exists()
        assert not Message.objects.filter(conversation_id=chat.pk).exists()
        assert not DataKey.objects.filter(pk=chat.key_id).exists()
