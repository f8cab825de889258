"""The statements that every message of every chat runs through, in SQL.

Django builds a query anew each time it is asked; here that would cost more than storing, sealing and sending
the message together (measured by ``tests/bench/message_latency.py``). All else asks through the models.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from chat.models import Conversation, Message

NEXT_SEQ = """
    UPDATE chat_conversation SET last_seq = last_seq + 1, last_message_at = %s
    WHERE id = %s AND status <> 'closed' RETURNING last_seq
"""
OF_VISITOR = """
    SELECT chat.*, account.language, account.notice_version FROM chat_conversation chat
    JOIN helpdesk_account account ON account.id = chat.account_id
    WHERE chat.token_hash = %s AND account.public_id = %s AND account.is_active
"""
WITH_LANGUAGE = """
    SELECT chat.*, account.language, account.is_active FROM chat_conversation chat
    JOIN helpdesk_account account ON account.id = chat.account_id
    WHERE chat.id IN ({})
"""
ENTRIES = "SELECT * FROM chat_message WHERE {} ORDER BY seq LIMIT %s"
RANGE = "(conversation_id = %s AND seq > %s AND seq <= %s)"


class Range(NamedTuple):
    """The entries of a chat after one sequence, up to another."""

    chat: UUID
    after: int
    last: int


def next_seq(chat: Conversation, *, now: datetime) -> int | None:
    """Give out the next sequence of an open chat and lock its row; ``None`` where it is closed or erased."""
    said_at: Any = Conversation._meta.get_field("last_message_at")
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SEQ, [said_at.get_db_prep_save(now, connection), _id(chat.pk)])
        given = cursor.fetchone()
    return given[0] if given else None


def chat_of_token(token_hash: str, public_id: str) -> Conversation | None:
    """Return the chat of an active account by its token's hash, with the account's ``language``."""
    return next(iter(Conversation.objects.raw(OF_VISITOR, [token_hash, public_id])), None)


def chats_with_language(ids: Collection[UUID]) -> Iterable[Conversation]:
    """Return the chats among these that exist, each with its account's ``language`` and ``is_active``."""
    statement = WITH_LANGUAGE.format(", ".join(["%s"] * len(ids)))
    return Conversation.objects.raw(statement, [_id(pk) for pk in ids]) if ids else []


def entries_in(ranges: Collection[Range], *, limit: int) -> list[Message]:
    """Return the entries of several chats, the oldest sequences first."""
    if not ranges:
        return []
    statement = ENTRIES.format(" OR ".join([RANGE] * len(ranges)))
    values = [value for chat, after, last in ranges for value in (_id(chat), after, last)]
    return list(Message.objects.raw(statement, [*values, limit]))


def _id(pk: UUID) -> Any:
    return Conversation._meta.pk.get_db_prep_value(pk, connection)
