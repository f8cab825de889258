"""What is said in a chat: a log with a sequence of its own, given out under the conversation's row lock."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import bell
from chat.models import Conversation, Message
from chat.statements import next_seq
from helpdesk.models import User


class ChatEnded(Exception):
    """The chat is closed or erased; nothing can be added to it."""


def locked(conversation: Conversation) -> Conversation:
    """Return the chat under its row lock; raises :class:`ChatEnded` where it is erased."""
    chat = Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    if chat is None:
        raise ChatEnded
    if Conversation.account.is_cached(conversation):
        chat.account = conversation.account
    return chat


def add_entry(
    chat: Conversation,
    *,
    side: str,
    kind: str = Message.Kind.TEXT,
    body: str = "",
    agent: User | None = None,
    client_id: UUID | None = None,
) -> Message:
    """Add to the log of an open chat, in the caller's transaction; the chat's row is locked until its end.

    Raises :class:`ChatEnded` where the chat is closed or erased.
    """
    now = timezone.now()
    seq = next_seq(chat, now=now)
    if seq is None:
        raise ChatEnded
    chat.last_seq, chat.last_message_at = seq, now
    entry = Message.objects.create(
        account_id=chat.account_id,
        conversation=chat,
        key_id=chat.key_id,
        seq=chat.last_seq,
        client_id=client_id,
        kind=kind,
        side=side,
        agent=agent,
        body=body,
        created_at=now,
    )
    bell.ring(chat.pk, account_id=chat.account_id, seq=entry.seq)
    return entry


def post_message(
    *,
    conversation: Conversation,
    side: str,
    body: str,
    client_id: UUID | None = None,
    agent: User | None = None,
) -> Message:
    """Say something in a chat and return the message; the same ``client_id`` again returns the first one.

    Raises :class:`ChatEnded` where the chat is closed or erased.
    """
    try:
        with transaction.atomic():
            return add_entry(conversation, side=side, body=body, agent=agent, client_id=client_id)
    except (IntegrityError, ChatEnded):
        said = Message.objects.filter(conversation=conversation.pk, client_id=client_id).first()
        if client_id is None or said is None:
            raise
        return said


def mark_seen(*, conversation: Conversation, seq: int) -> None:
    """Remember how far the agent has read; never backwards."""
    Conversation.objects.filter(pk=conversation.pk, agent_seen_seq__lt=seq, last_seq__gte=seq).update(
        agent_seen_seq=seq
    )
