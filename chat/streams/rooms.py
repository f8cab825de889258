"""What is new in a batch of chats, read and rendered once for everybody who watches."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation

from chat.models import Conversation, Message
from privacy.categories import Category
from privacy.models import RetentionPolicy
from privacy.terms import Rule

ENTRIES_AT_ONCE = 1000


@dataclass(slots=True)
class Wish:
    """What to read of one chat: entries after a sequence, for which audiences."""

    after: int
    audiences: set[str]


@dataclass(slots=True)
class Entry:
    seq: int
    side: str
    html: dict[str, str]


@dataclass(slots=True)
class Room:
    """A chat as it is now, with its new entries."""

    account_id: int
    status: str
    agent: str
    last_seq: int
    position: int | None = None
    erased_at_once: bool = False
    entries: list[Entry] = field(default_factory=list)


def read_rooms(wishes: dict[UUID, Wish]) -> dict[UUID, Room]:
    """Return the chats that still exist, each with its new entries; four queries whatever the number."""
    chats = list(Conversation.objects.filter(pk__in=wishes).select_related("account", "agent"))
    rooms = {
        chat.pk: Room(
            account_id=chat.account_id,
            status=chat.status,
            agent=chat.agent.get_full_name() if chat.agent else "",
            last_seq=chat.last_seq,
        )
        for chat in chats
    }
    _add_positions(rooms)
    _mark_erased_at_once(rooms)
    languages = {chat.pk: chat.account.language for chat in chats}
    wanted = {pk: wish for pk, wish in wishes.items() if pk in rooms and rooms[pk].last_seq > wish.after}
    for entry in _entries(wanted):
        wish = wanted[entry.conversation_id]
        with translation.override(languages[entry.conversation_id]):
            html = {audience: render_entry(entry, audience) for audience in wish.audiences}
        rooms[entry.conversation_id].entries.append(Entry(entry.seq, entry.side, html))
    return rooms


def render_entry(entry: Message, audience: str) -> str:
    """Return one entry of a conversation as HTML, the same in the page and in the stream."""
    return render_to_string("chat/_message.html", {"entry": entry, "audience": audience})


def _entries(wishes: dict[UUID, Wish]) -> list[Message]:
    if not wishes:
        return []
    new = reduce(or_, (Q(conversation=pk, seq__gt=wish.after) for pk, wish in wishes.items()))
    return list(Message.objects.filter(new).select_related("agent").order_by("seq")[:ENTRIES_AT_ONCE])


def _add_positions(rooms: dict[UUID, Room]) -> None:
    accounts = {room.account_id for room in rooms.values() if room.status == Conversation.Status.WAITING}
    if not accounts:
        return
    waiting: dict[int, int] = {}
    queue = Conversation.objects.waiting().filter(account__in=accounts).order_by("created_at", "pk")
    for pk, account_id in queue.values_list("pk", "account_id"):
        waiting[account_id] = waiting.get(account_id, 0) + 1
        if pk in rooms:
            rooms[pk].position = waiting[account_id]


def _mark_erased_at_once(rooms: dict[UUID, Room]) -> None:
    closed = [room for room in rooms.values() if room.status == Conversation.Status.CLOSED]
    if closed:
        accounts: Collection[int] = RetentionPolicy.objects.filter(
            account__in={room.account_id for room in closed}, category=Category.CHAT, rule=Rule.AT_ONCE
        ).values_list("account_id", flat=True)
        at_once = set(accounts)
        for room in closed:
            room.erased_at_once = room.account_id in at_once
