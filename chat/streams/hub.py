"""The hub: it hears the bell, reads what is new once, and gives it to everybody who watches."""

import asyncio
import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

from chat.streams import listening
from chat.streams.admission import in_thread, still_admitted
from chat.streams.events import PING, event
from chat.streams.rooms import Room, Wish, read_rooms
from chat.streams.subscriber import PING_SECONDS, Subscriber

log = logging.getLogger(__name__)

RECHECK_SECONDS = 10
BATCH = 50
VISITOR, AGENT = "visitor", "agent"


class Ring(NamedTuple):
    """That a chat changed: ``seq`` is its first entry that nobody read yet, where that is known."""

    account_id: int
    seq: int | None


class Hub:
    """All streams of this process. Lives on one event loop; only the bell comes from other threads."""

    def __init__(self) -> None:
        self.visitors: defaultdict[UUID, set[Subscriber]] = defaultdict(set)
        self.agents: defaultdict[int, set[Subscriber]] = defaultdict(set)
        self._rooms: dict[UUID, tuple] = {}  # what the visitors of a chat know: status, position, agent
        self._told: dict[UUID, int] = {}  # the last entry that an account's agents were told of
        self._new: dict[UUID, Ring] = {}  # rung, not yet read
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task] = []
        self._checked: dict[int, float] = {}

    def start(self) -> None:
        """Begin to listen, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="stream")
        self._tasks = [self._loop.create_task(job()) for job in (self._pump, self._tick, self._recheck)]
        listening.start(self.hear)

    def stop(self) -> None:
        """End every stream without *bye*, so that clients come back; safe to call twice."""
        if not self.is_running:
            return
        listening.stop()
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        for subscriber in self.everybody():
            subscriber.finish()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def is_running(self) -> bool:
        return bool(self._tasks)

    async def run(self, function, *args) -> Any:
        """Run something that reads the database, off the event loop."""
        return await self._loop.run_in_executor(self._pool, in_thread, function, *args)

    def everybody(self) -> list[Subscriber]:
        return [s for room in (*self.visitors.values(), *self.agents.values()) for s in room]

    def add(self, subscriber: Subscriber) -> None:
        admission = subscriber.admission
        if admission.conversation_id:
            self.visitors[admission.conversation_id].add(subscriber)
            self._rooms.pop(admission.conversation_id, None)  # a newcomer is told the status, too
            self._read(admission.conversation_id, admission.account_id)
        else:
            self.agents[admission.account_id].add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        admission = subscriber.admission
        rooms: dict[Any, set[Subscriber]] = self.visitors if admission.conversation_id else self.agents
        key = admission.conversation_id or admission.account_id
        rooms[key].discard(subscriber)
        if not rooms[key]:
            del rooms[key]
            self._rooms.pop(key, None)

    # The bell

    def hear(self, message: dict[str, Any]) -> None:
        """Take a ring from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard, message)

    def _heard(self, message: dict[str, Any]) -> None:
        chat = UUID(message["chat"]) if message.get("chat") else None
        if message.get("typing"):
            self._tell_typing(chat, message["account"], message["typing"])
        elif message.get("queue"):
            self._tell_queue(message["account"])
        elif chat and (chat in self.visitors or message.get("account") in self.agents):
            self._read(chat, message["account"], message.get("seq"))

    def _read(self, chat: UUID, account_id: int, seq: int | None = None) -> None:
        known = self._new.get(chat)
        first = min((s for s in (seq, known.seq if known else None) if s is not None), default=None)
        self._new[chat] = Ring(account_id, first)
        self._wake.set()

    def _tell_typing(self, chat: UUID | None, account_id: int, side: str) -> None:
        if side == VISITOR:
            self._tell_agents(account_id, event({"conversation": str(chat)}, name="typing"))
        for visitor in self.visitors.get(chat, ()) if chat else ():
            visitor.push(event(side, name="typing"))

    def _tell_queue(self, account_id: int) -> None:
        self._tell_agents(account_id, event("", name="queue"))
        for chat, told in self._rooms.items():
            if told[0] == "waiting" and any(
                s.admission.account_id == account_id for s in self.visitors[chat]
            ):
                self._read(chat)

    def _tell_agents(self, account_id: int, chunk: bytes) -> None:
        for agent in self.agents.get(account_id, ()):
            agent.push(chunk)

    # Reading and telling

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._new:
                batch = dict(list(self._new.items())[:BATCH])
                for chat in batch:
                    del self._new[chat]
                try:
                    await self._read_and_tell(batch)
                except Exception:
                    log.exception("New entries could not be read; streams ask again at their next check.")
                    await asyncio.sleep(1)

    async def _read_and_tell(self, batch: dict[UUID, Ring]) -> None:
        wishes = {chat: self._wish(chat, ring.seq) for chat, ring in batch.items()}
        rooms: dict[UUID, Room] = await self.run(read_rooms, wishes)
        await self._check_agents({room.account_id for room in rooms.values()})
        for chat, ring in batch.items():
            room = rooms.get(chat)
            if room is None:
                self._tell_ended(chat, ring.account_id, erased=True)
            else:
                self._tell_room(chat, room, ring)

    def _wish(self, chat: UUID, seq: int | None) -> Wish:
        starts = [s.after for s in self.visitors.get(chat, ())]
        if seq is not None:
            starts.append(min(self._told.get(chat, seq - 1), seq - 1))
        return Wish(after=min(starts, default=self._told.get(chat, 0)), audiences={VISITOR, AGENT})

    def _tell_room(self, chat: UUID, room: Room, ring: Ring) -> None:
        self._tell_status(chat, room)
        told = self._told.get(chat, room.last_seq if ring.seq is None else ring.seq - 1)
        for entry in room.entries:
            for visitor in self.visitors.get(chat, ()):
                if entry.seq > visitor.after:
                    visitor.push(event(entry.html[VISITOR], seq=entry.seq))
                    visitor.after = entry.seq
            if entry.seq > told:
                self._tell_entry(chat, room, entry)
                told = entry.seq
        self._told[chat] = told
        if room.entries and room.entries[-1].seq < room.last_seq:
            self._read(chat, room.account_id, room.entries[-1].seq + 1)
        elif room.status == "closed" and not room.erased_at_once:
            self._tell_ended(chat, room.account_id, erased=False)

    def _tell_entry(self, chat: UUID, room: Room, entry) -> None:
        content = {"conversation": str(chat), "seq": entry.seq, "side": entry.side, "html": entry.html[AGENT]}
        self._tell_agents(room.account_id, event(content, name="entry"))

    def _tell_status(self, chat: UUID, room: Room) -> None:
        status = (room.status, room.position, room.agent)
        if self._rooms.get(chat) != status and chat in self.visitors:
            self._rooms[chat] = status
            chunk = event(dict(zip(("status", "position", "agent"), status, strict=True)), name="status")
            for visitor in self.visitors[chat]:
                visitor.push(chunk)

    def _tell_ended(self, chat: UUID, account_id: int, *, erased: bool) -> None:
        self._told.pop(chat, None)
        self._tell_agents(account_id, event({"conversation": str(chat), "erased": erased}, name="ended"))
        for visitor in list(self.visitors.get(chat, ())):
            visitor.push(event({"erased": erased}, name="ended"))
            visitor.end()

    # Pings and checks

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for subscriber in self.everybody():
                if subscriber.next_ping <= now:
                    subscriber.next_ping = now + PING_SECONDS
                    subscriber.push(PING)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                await self._check(self.everybody())
                for chat, visitors in self.visitors.items():
                    self._read(chat, next(iter(visitors)).admission.account_id)
            except Exception:
                log.exception("Open streams could not be checked; they are ended.")
                for subscriber in self.everybody():
                    subscriber.finish()

    async def _check_agents(self, accounts: set[int]) -> None:
        """Check agents before they are told anything; events within a second share one check."""
        now = time.monotonic()
        due = [a for a in accounts if a in self.agents and now - self._checked.get(a, 0.0) > 1.0]
        if due:
            await self._check([agent for account_id in due for agent in self.agents[account_id]])
            self._checked.update(dict.fromkeys(due, now))

    async def _check(self, subscribers: list[Subscriber]) -> None:
        agents = [s for s in subscribers if s.admission.user_id]
        if agents:
            admitted = await self.run(still_admitted, [s.admission for s in agents])
            for agent in agents:
                if agent.admission not in admitted:
                    agent.end()


hub = Hub()
start, stop = hub.start, hub.stop
