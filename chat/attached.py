"""The files of messages, for everybody who reads a chat."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from chat.models import ChatFile, Message
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, read_lost_as
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import sentence_of


def read_attached(entries: Iterable[Message]) -> list[ChatFile]:
    """Give each entry ``attached``, its files that are left, and return the files of all.

    It asks once for all of them, and not at all where none was sent with any.
    """
    entries = list(entries)
    senders = [entry.pk for entry in entries if entry.files_sent]
    files = list(ChatFile.objects.filter(message__in=senders)) if senders else []
    attached: dict[UUID, list[ChatFile]] = defaultdict(list)
    for file in files:
        attached[file.message_id].append(file)
    for entry in entries:
        entry.attached = attached[entry.pk]
    read_lost_as(UNREADABLE, files)
    return files


def rule_of_files(account_id: int) -> str:
    """Return when files of chats are erased, in words, where that is before their chat is; else nothing."""
    files = policy_in_force(account_id=account_id, category=Category.CHAT_FILE)
    chats = policy_in_force(account_id=account_id, category=Category.CHAT)
    return sentence_of(files) if files.term.is_shorter_than(chats.term) else ""
