"""The agents' desk: who waits, who talks with whom, and what is unread, read with one query for all keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

from chat.models import Conversation, Message
from helpdesk.models import User
from privacy.encryption.rows import UNREADABLE, share_keys

LIMIT = 100


@dataclass
class Desk:
    """What an agent sees at a glance: the queue, their own chats, those of the others and of the bot."""

    waiting: list[Any] = field(default_factory=list)
    mine: list[Any] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)
    bots: list[Any] = field(default_factory=list)
    is_cut: bool = False

    @property
    def chats(self) -> list[Any]:
        return [*self.waiting, *self.mine, *self.others, *self.bots]

    def sealed_rows(self) -> list[Any]:
        """Return every row whose words the desk shows, so that they can share their keys."""
        return [*self.chats, *(chat.newest for chat in self.chats if chat.newest)]

    @property
    def attention(self) -> int:
        """How much wants the agent: people who wait, and unread messages in chats of their own."""
        return len(self.waiting) + sum(chat.unread for chat in self.mine)


def read_desk(user: User) -> Desk:
    """Return the open chats of the agent's account, own ones first, at most :data:`LIMIT`.

    Each chat has ``unread``, a number, ``newest``, the message that somebody wrote last, and ``age``: how
    long it waits, or since when nobody wrote.
    """
    found = list(_open_chats(user)[: LIMIT + 1])
    chats = found[:LIMIT]
    _add_previews(chats)
    desk = Desk(is_cut=len(found) > LIMIT)
    for chat in chats:
        is_waiting = chat.status == Conversation.Status.WAITING
        chat.age = age(chat.waits_since if is_waiting else chat.last_message_at)
        _pile(desk, chat, user).append(chat)
    share_keys([user, *desk.sealed_rows()], lost=UNREADABLE)
    return desk


def _pile(desk: Desk, chat: Conversation, user: User) -> list[Any]:
    if chat.status == Conversation.Status.WAITING:
        return desk.waiting
    if chat.status == Conversation.Status.BOT:
        return desk.bots
    return desk.mine if chat.agent_id == user.pk else desk.others


def age(since: datetime) -> str:
    """Return in a word or two how long ago something was."""
    seconds = (timezone.now() - since).total_seconds()
    return timesince(since, depth=1) if seconds >= 60 else gettext("now")


def _open_chats(user: User) -> QuerySet[Conversation]:
    texts = Message.objects.filter(conversation=OuterRef("pk"), kind=Message.Kind.TEXT)
    texts = texts.exclude(side=Conversation.Side.BOT).order_by("-seq")
    mine_first = Case(
        When(agent=user, then=0),
        When(status=Conversation.Status.WAITING, then=1),
        When(status=Conversation.Status.BOT, then=3),
        default=2,
        output_field=IntegerField(),
    )
    chats = Conversation.objects.visible_to(user).open().select_related("contact", "agent", "team")
    return chats.annotate(
        unread=_unread(), last_text=Subquery(texts.values("pk")[:1]), pile=mine_first
    ).in_turn("pile")


def _unread() -> Coalesce:
    """Count what the visitor said since the agent last looked."""
    entries = Message.objects.filter(
        conversation=OuterRef("pk"), side=Conversation.Side.VISITOR, seq__gt=OuterRef("agent_seen_seq")
    )
    counted = entries.order_by().values("conversation").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), Value(0))


def _add_previews(chats: Sequence[Any]) -> None:
    texts = {m.pk: m for m in Message.objects.filter(pk__in=[chat.last_text for chat in chats])}
    for chat in chats:
        chat.newest = texts.get(chat.last_text)
