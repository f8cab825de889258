"""Files of a chat's messages: sealed before the chat is locked, stored with their message or not at all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.files import File
from django.db.models import Count, Sum

from chat.file_kinds import LOOKED_AT, kind_of
from chat.models import ChatFile, Conversation, Message
from helpdesk.services.files import SealedFile, seal_files
from privacy.encryption.files import delete_file


class ChatFull(Exception):
    """The chat has as many files as one may have; the token of a chat is given to anybody who asks."""


class SentFile(NamedTuple):
    """A file that was sealed before there is a message to send it with."""

    sealed: SealedFile
    kind: str


def seal_sent(files: Sequence[File], *, chat: Conversation) -> list[SentFile]:
    """Seal files for a message that is about to be said; what gets no message is swept within the hour."""
    sealed = seal_files(files, account_id=chat.account_id)
    return [SentFile(each, _kind(file)) for each, file in zip(sealed, files, strict=True)]


def attach(entry: Message, files: Sequence[SentFile]) -> None:
    """Store files with their message, in the transaction that holds the lock of its chat.

    Raises :class:`ChatFull`, and then nothing may be stored.
    """
    if not files:
        return
    ChatFile.objects.bulk_create(
        ChatFile(
            account_id=entry.account_id,
            conversation_id=entry.conversation_id,
            message=entry,
            kind=file.kind,
            created_at=entry.created_at + timedelta(microseconds=place),  # in the order they were chosen
            **file.sealed._asdict(),
        )
        for place, file in enumerate(files)
    )
    has = ChatFile.objects.filter(conversation=entry.conversation_id).order_by()
    number, size = has.aggregate(number=Count("pk"), size=Sum("size")).values()
    if number > settings.LETHE_FILES_A_CHAT or size > settings.LETHE_FILES_BYTES_A_CHAT:
        raise ChatFull


def discard(files: Sequence[SentFile]) -> None:
    """Delete at once what was sealed for a message that was not said; the sweep takes the keys."""
    for file in files:
        delete_file(file.sealed.stored_as)


def _kind(file: File) -> str:
    file.seek(0)
    kind = kind_of(file.read(LOOKED_AT))
    file.seek(0)
    return kind.value
