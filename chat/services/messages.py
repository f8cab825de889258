"""What is said in a chat: a log with a sequence of its own, given out under the conversation's row lock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import bell
from chat.models import Conversation, Message, SecureRequest
from chat.services.files import ChatFull, attach, discard, seal_sent
from chat.statements import next_seq
from helpdesk.models import User
from helpdesk.services.slips import without_slips
from privacy.encryption.errors import SealError
from privacy.services.people.consent import ConsentMissing
from privacy.slips import Masked


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
    files_sent: int = 0,
    secure: SecureRequest | None = None,
    said_at: datetime | None = None,
) -> Message:
    """Add to the log of an open chat, in the caller's transaction; the chat's row is locked until its end.

    Slips are masked where the account wants it; what its bot says is the account's own. ``said_at`` is for
    what nobody said: the moment from which silence counts stays there.

    Raises :class:`ChatEnded` where the chat is closed or erased.
    """
    is_typed = body and side != Conversation.Side.BOT
    said = without_slips(body, account_id=chat.account_id) if is_typed else Masked(body)
    now = timezone.now()
    seq = next_seq(chat, now=said_at or now)
    if seq is None:
        raise ChatEnded
    chat.last_seq, chat.last_message_at = seq, said_at or now
    entry = Message.objects.create(
        account_id=chat.account_id,
        conversation=chat,
        key_id=chat.key_id,
        seq=chat.last_seq,
        client_id=client_id,
        kind=kind,
        side=side,
        agent=agent,
        body=said.text,
        masked=" ".join(said.kinds),
        files_sent=files_sent,
        secure=secure,
        created_at=now,
    )
    bell.ring(chat.pk, account_id=chat.account_id, seq=entry.seq)
    return entry


def post_message(
    *,
    conversation: Conversation,
    side: str,
    body: str,
    files: Sequence[File] = (),
    client_id: UUID | None = None,
    agent: User | None = None,
) -> Message:
    """Say something in a chat and return the message; the same ``client_id`` again returns the first one.

    Raises :class:`ChatEnded` where the chat is closed or erased,
    :class:`privacy.services.people.consent.ConsentMissing` where the visitor must be asked again first, and
    :class:`chat.services.files.ChatFull`; in all cases nothing is stored, no file either.
    """
    if side == Conversation.Side.VISITOR and conversation.must_be_asked:
        raise ConsentMissing
    if files and (said := _said(conversation, client_id)):
        return said
    sent = seal_sent(files, chat=conversation)
    try:
        with transaction.atomic():
            entry = add_entry(
                conversation, side=side, body=body, agent=agent, client_id=client_id, files_sent=len(sent)
            )
            attach(entry, sent)
            return entry
    except (ChatFull, SealError):
        discard(sent)
        raise
    except (IntegrityError, ChatEnded):
        discard(sent)
        said = _said(conversation, client_id)
        if said is None:
            raise
        return said


def _said(conversation: Conversation, client_id: UUID | None) -> Message | None:
    if client_id is None:
        return None
    return Message.objects.filter(conversation=conversation.pk, client_id=client_id).first()


def mark_seen(*, conversation: Conversation, seq: int) -> None:
    """Remember how far the agent has read; never backwards."""
    Conversation.objects.filter(pk=conversation.pk, agent_seen_seq__lt=seq, last_seq__gte=seq).update(
        agent_seen_seq=seq
    )
