"""What each watcher of a chat is told, in order, and nothing twice."""

from uuid import UUID

from chat.models import Conversation
from chat.streams.crowd import Crowd
from chat.streams.events import event
from chat.streams.news import Ring
from chat.streams.rooms import Entry, Room, Wish
from chat.streams.subscriber import Admission

VISITOR, AGENT = Conversation.Side.VISITOR.value, Conversation.Side.AGENT.value
REMEMBERED = 5_000  # chats of an account; one that is forgotten begins again with the entry that is rung
ERASED = 2**31  # after every entry


class Teller:
    """Remembers who knows what, and tells them the rest."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._statuses: dict[UUID, tuple[str, int | None, str]] = {}  # as the visitors of a chat know it
        self._told: dict[int, dict[UUID, int]] = {}  # by account, the last entry that its agents were told

    def forget_status(self, chat: UUID) -> None:
        """Let everybody in a chat be told its status again: somebody new is there."""
        self._statuses.pop(chat, None)

    def forget(self, admission: Admission) -> None:
        """Forget what nobody is there for any more."""
        chat, account_id = admission.conversation_id, admission.account_id
        if chat and not self._crowd.visitors_in(chat):
            self._statuses.pop(chat, None)
        if not self._crowd.agents_of(account_id):
            self._told.pop(account_id, None)

    def waiting(self, account_id: int) -> list[UUID]:
        """Return the chats whose visitors watch their place in the queue of an account."""
        return [
            chat
            for chat, status in self._statuses.items()
            if status[0] == Conversation.Status.WAITING
            and any(v.admission.account_id == account_id for v in self._crowd.visitors_in(chat))
        ]

    def told_already(self, chat: UUID, ring: Ring) -> bool:
        """Tell whether everybody knows what is rung; with SQLite our own rings come a second time."""
        seq = ERASED if ring.seq is None else ring.seq
        told = self._told.get(ring.account_id, {}).get(chat, 0)
        agents_know = told >= seq or not self._crowd.agents_of(ring.account_id)
        return agents_know and all(v.after >= seq for v in self._crowd.visitors_in(chat))

    def wish(self, chat: UUID, ring: Ring) -> Wish:
        """Return what has to be read of a chat for those who watch now."""
        starts = [(visitor.after, VISITOR) for visitor in self._crowd.visitors_in(chat)]
        known = self._agents_know(chat, ring)
        if known is not None and self._crowd.agents_of(ring.account_id):
            starts.append((known, AGENT))
        first = min((after for after, _ in starts), default=None)
        return Wish(after=first, audiences={audience for _, audience in starts})

    def tell(self, chat: UUID, room: Room | None, ring: Ring) -> bool:
        """Tell everybody what is new; ``None`` is an erased chat. Returns whether there is more to read."""
        if room is None:
            self._tell_erased(chat, ring.account_id)
            return False
        if room.is_off:
            self._send_away(chat)
            return False
        self._tell_status(chat, room)
        self._tell_visitors(chat, room)
        told_agents = self._tell_agents_entries(chat, room, ring)
        if room.status == Conversation.Status.CLOSED and not room.is_cut and not room.is_erased_at_once:
            if told_agents:
                self._tell_agents(ring.account_id, _ended(chat, erased=False))
            self._end_visitors(chat, erased=False, last_seq=room.last_seq)
        return room.is_cut

    def tell_typing(self, chat: UUID, account_id: int, side: str) -> None:
        """Tell the other side that somebody types."""
        if side == VISITOR:
            self._tell_agents(account_id, event({"conversation": str(chat)}, name="typing"))
        else:
            for visitor in self._crowd.visitors_in(chat):
                visitor.push(event(side, name="typing"))

    def tell_queue(self, account_id: int) -> None:
        """Tell the agents to look at their queue."""
        self._tell_agents(account_id, event("", name="queue"))

    def _agents_know(self, chat: UUID, ring: Ring) -> int | None:
        """Return the last entry that agents know; what is older than a first ring they fetch themselves."""
        told = self._told.get(ring.account_id, {}).get(chat)
        return ring.seq - 1 if told is None and ring.seq is not None else told

    def _remember(self, account_id: int, chat: UUID, seq: int) -> None:
        told = self._told.setdefault(account_id, {})
        told.pop(chat, None)
        told[chat] = seq
        if len(told) > REMEMBERED:
            del told[next(iter(told))]

    def _tell_visitors(self, chat: UUID, room: Room) -> None:
        chunks = [(e.seq, event(e.html[VISITOR], seq=e.seq)) for e in room.entries if VISITOR in e.html]
        for visitor in self._crowd.visitors_in(chat):
            # A client may claim to know what isn't said yet.
            visitor.after = min(visitor.after, room.last_seq)
            if room.after is None or visitor.after < room.after:
                continue  # came in while this was read; a reading of their own is on its way
            new = [chunk for seq, chunk in chunks if seq > visitor.after]
            if new:
                visitor.push(b"".join(new))
                visitor.after = chunks[-1][0]

    def _tell_agents_entries(self, chat: UUID, room: Room, ring: Ring) -> bool:
        known = self._agents_know(chat, ring)
        new = [e for e in room.entries if AGENT in e.html and known is not None and e.seq > known]
        if new:
            chunks = [event(_entry(chat, e), name="entry") for e in new]
            self._tell_agents(ring.account_id, b"".join(chunks))
            self._remember(ring.account_id, chat, new[-1].seq)
        return bool(new)

    def _tell_status(self, chat: UUID, room: Room) -> None:
        status = (room.status, room.position, room.agent)
        visitors = self._crowd.visitors_in(chat)
        if visitors and self._statuses.get(chat) != status:
            self._statuses[chat] = status
            chunk = event(
                {"status": room.status, "position": room.position, "agent": room.agent}, name="status"
            )
            for visitor in visitors:
                visitor.push(chunk)

    def _tell_erased(self, chat: UUID, account_id: int) -> None:
        if self._crowd.agents_of(account_id) and self._told.get(account_id, {}).get(chat) != ERASED:
            self._tell_agents(account_id, _ended(chat, erased=True))
            self._remember(account_id, chat, ERASED)
        self._end_visitors(chat, erased=True)

    def _tell_agents(self, account_id: int, chunk: bytes) -> None:
        for agent in self._crowd.agents_of(account_id):
            agent.push(chunk)

    def _send_away(self, chat: UUID) -> None:
        """End the visitors' streams without a word: the chat isn't over, and they come back to ask."""
        for visitor in self._crowd.visitors_in(chat):
            visitor.finish()

    def _end_visitors(self, chat: UUID, *, erased: bool, last_seq: int = 0) -> None:
        for visitor in self._crowd.visitors_in(chat):
            if visitor.after < last_seq:
                continue  # still has something to read
            visitor.push(event({"erased": erased}, name="ended"))
            visitor.end()


def _entry(chat: UUID, entry: Entry) -> dict[str, str | int]:
    return {"conversation": str(chat), "seq": entry.seq, "side": entry.side, "html": entry.html[AGENT]}


def _ended(chat: UUID, *, erased: bool) -> bytes:
    return event({"conversation": str(chat), "erased": erased}, name="ended")
