"""What is new in a batch of chats, read and rendered once for everybody who watches."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import translation

from chat.attached import read_attached
from chat.models import Conversation, Message, SecureRequest
from chat.statements import Range, chats_with_language, entries_in
from helpdesk.models import User
from privacy.categories import Category
from privacy.encryption.rows import read_lost_as, share_keys
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule

ENTRIES_AT_ONCE = 100


class Wish(NamedTuple):
    """What to read of one chat: the entries after a sequence (``None``: no entries), for which audiences."""

    after: int | None
    audiences: Collection[str]


class Entry(NamedTuple):
    seq: int
    side: str
    html: dict[str, str]


@dataclass(slots=True)
class Room:
    """A chat as it is now, with its entries ``after`` one; ``is_cut`` where not all could be read at once.

    Of a chat whose account ``is_off``, switched off by the operator, nothing is read.
    """

    account_id: int
    status: str
    agent: str
    last_seq: int
    after: int | None = None
    position: int | None = None
    is_erased_at_once: bool = False
    is_cut: bool = False
    is_off: bool = False
    entries: list[Entry] = field(default_factory=list)


def read_rooms(wishes: dict[UUID, Wish]) -> dict[UUID, Room]:
    """Return the chats that still exist, each with its new entries; the same queries whatever the number."""
    chats = {chat.pk: chat for chat in chats_with_language(wishes)}
    entries = _read_entries(chats, wishes)
    _add_agents([*chats.values(), *entries])
    _add_requests(entries)
    share_keys([*chats.values(), *entries, *read_attached(entries)])
    rooms = {pk: _room(chat, wishes[pk].after) for pk, chat in chats.items()}
    for entry in entries:
        chat = chats[entry.conversation_id]
        html = {each: _render_for(each, entry, chat) for each in wishes[entry.conversation_id].audiences}
        rooms[entry.conversation_id].entries.append(Entry(entry.seq, entry.side, html))
    if len(entries) == ENTRIES_AT_ONCE:
        _mark_cut(rooms.values())
    _add_positions(rooms)
    _mark_erased_at_once(rooms)
    return rooms


def last_entries(chats: Collection[UUID]) -> dict[UUID, int]:
    """Return the last sequence of each chat that exists and may be watched."""
    found = Conversation.objects.filter(pk__in=chats, account__is_active=True)
    return dict(found.values_list("pk", "last_seq"))


def render_entry(entry: Message, audience: str) -> str:
    """Return one entry of a conversation as HTML, the same in the page and in the stream."""
    return render_to_string("chat/_message.html", {"entry": entry, "audience": audience})


def _render_for(audience: str, entry: Message, chat: Conversation) -> str:
    with translation.override(chat.visitors_language if audience == "visitor" else chat.language):
        return render_entry(entry, audience)


def _add_agents(rows: Iterable[Conversation | Message]) -> None:
    """Fetch the agents of all rows at once; only their names are needed."""
    answered = [row for row in rows if row.agent_id]
    agents = (
        User.objects.only("name", "email").in_bulk({row.agent_id for row in answered}) if answered else {}
    )
    read_lost_as("", agents.values())
    for row in answered:
        row.agent = agents.get(row.agent_id)


def _add_requests(entries: Iterable[Message]) -> None:
    """Fetch what sensitive values were asked for, of all entries at once."""
    about = [entry for entry in entries if entry.secure_id]
    asked = SecureRequest.objects.in_bulk({entry.secure_id for entry in about}) if about else {}
    for entry in about:
        entry.secure = asked.get(entry.secure_id)


def _room(chat: Conversation, after: int | None) -> Room:
    return Room(
        account_id=chat.account_id,
        status=chat.status,
        agent=str(chat.agent.name) if chat.agent else "",  # never an address: visitors see it
        last_seq=chat.last_seq,
        after=after,
        is_off=not chat.is_active,
    )


def _read_entries(chats: dict[UUID, Conversation], wishes: dict[UUID, Wish]) -> list[Message]:
    """Read up to where the chats, as they were read, end: what came since has a ring of its own."""
    afters = {pk: wishes[pk].after for pk in chats}
    new = [
        Range(pk, after, chats[pk].last_seq)
        for pk, after in afters.items()
        if after is not None and chats[pk].last_seq > after and chats[pk].is_active
    ]
    return entries_in(new, limit=ENTRIES_AT_ONCE)


def _mark_cut(rooms: Iterable[Room]) -> None:
    for room in rooms:
        last = room.entries[-1].seq if room.entries else room.after
        room.is_cut = last is not None and last < room.last_seq


def _add_positions(rooms: dict[UUID, Room]) -> None:
    accounts = {room.account_id for room in rooms.values() if room.status == Conversation.Status.WAITING}
    if not accounts:
        return
    waiting: dict[int, int] = {}
    queue = Conversation.objects.waiting().filter(account__in=accounts).in_turn()
    for pk, account_id in queue.values_list("pk", "account_id"):
        waiting[account_id] = waiting.get(account_id, 0) + 1
        if pk in rooms:
            rooms[pk].position = waiting[account_id]


def _mark_erased_at_once(rooms: dict[UUID, Room]) -> None:
    closed = [room for room in rooms.values() if room.status == Conversation.Status.CLOSED]
    if closed:
        rules = {
            account: policy_in_force(account_id=account, category=Category.CHAT).term.rule
            for account in {room.account_id for room in closed}
        }
        for room in closed:
            room.is_erased_at_once = rules[room.account_id] == Rule.AT_ONCE
