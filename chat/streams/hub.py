"""The hub: it hears the bell, reads what is new once, and gives it to everybody who watches."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from chat.streams import listening
from chat.streams.admission import gate_is_open, in_thread, still_admitted
from chat.streams.crowd import Crowd
from chat.streams.events import PING
from chat.streams.news import News, Ring
from chat.streams.rooms import Room, Wish, last_entries, read_rooms
from chat.streams.subscriber import PING_SECONDS, Subscriber
from chat.streams.telling import Teller

log = logging.getLogger(__name__)

RECHECK_SECONDS = 10
CHECK_LASTS = 1.0  # events within this time share one check of the agents
BATCH = 50


class Hub:
    """All streams of this process. Lives on one event loop; only the bell comes from other threads."""

    def __init__(self) -> None:
        self.crowd = Crowd()
        self._teller = Teller(self.crowd)
        self._news = News()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task] = []
        self._checked_at = 0.0

    def start(self) -> None:
        """Begin to listen, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        # Apart, so that a thousand clients who come back at once don't hold up what is said meanwhile.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="stream-reader")
        self._doors = ThreadPoolExecutor(2, thread_name_prefix="stream-door")
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
        self._finish_all()
        for pool in (self._reader, self._doors):
            pool.shutdown(wait=False, cancel_futures=True)

    @property
    def is_running(self) -> bool:
        return bool(self._tasks)

    async def ask(self, function: Callable, *args: Any) -> Any:
        """Run something that reads the database, off the event loop."""
        return await self._loop.run_in_executor(self._doors, in_thread, function, *args)

    def add(self, subscriber: Subscriber) -> None:
        """Let somebody in; a visitor is told at once what they missed and how the chat stands."""
        self.crowd.add(subscriber)
        chat = subscriber.admission.conversation_id
        if chat:
            self._teller.forget_status(chat)
            self._read(chat, Ring(subscriber.admission.account_id))

    def remove(self, subscriber: Subscriber) -> None:
        self.crowd.remove(subscriber)
        self._teller.forget(subscriber.admission)

    def _finish_all(self) -> None:
        for subscriber in self.crowd:
            subscriber.finish()

    # The bell

    def hear(self, message: dict[str, Any]) -> None:
        """Take a ring from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._heard, message)
        except RuntimeError:  # the loop was closed: the process is stopping
            pass

    def _heard(self, message: dict[str, Any]) -> None:
        if message.get("missed"):
            self._catch_up()
            return
        account_id = message["account"]
        chat = UUID(message["chat"]) if message.get("chat") else None
        if message.get("queue"):
            self._news.queues.add(account_id)
        elif chat and message.get("typing"):
            self._news.typing[chat, message["typing"]] = account_id
        elif chat:
            ring = Ring(account_id, message.get("seq"))
            if self.crowd.watch(chat, account_id) and not self._teller.told_already(chat, ring):
                self._news.add(chat, ring)
        self._wake.set()

    def _catch_up(self) -> None:
        """Rings may have been missed: read every chat again, and let agents' pages come back and ask."""
        for subscriber in self.crowd:
            if subscriber.admission.user_id:
                subscriber.finish()
        for chat, account_id in self.crowd.chats().items():
            self._read(chat, Ring(account_id))

    def _read(self, chat: UUID, ring: Ring) -> None:
        self._news.add(chat, ring)
        self._wake.set()

    # Reading and telling

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._news:
                news = self._news.take(BATCH)
                try:
                    await self._tell(news)
                except (DatabaseError, InterfaceError):
                    log.exception("The database can't be read; what is new waits.")
                    self._news.put_back(news)
                    await asyncio.sleep(1)
                except Exception:
                    log.exception("A batch of chats could not be read; each is tried alone.")
                    await self._tell_one_by_one(news)

    async def _tell_one_by_one(self, news: News) -> None:
        """Let one chat that can't be opened, say for a lost key, not silence the others."""
        for chat, ring in news.chats.items():
            try:
                await self._tell(News({chat: ring}))
            except Exception:
                log.exception("Chat %s could not be read.", chat)

    async def _tell(self, news: News) -> None:
        await self._check_agents(news.accounts)
        for (chat, side), account_id in news.typing.items():
            self._teller.tell_typing(chat, account_id, side)
        for account_id in news.queues:
            self._teller.tell_queue(account_id)
            for chat in self._teller.waiting(account_id):
                self._read(chat, Ring(account_id))
        wishes = {chat: self._teller.wish(chat, ring) for chat, ring in news.chats.items()}
        for chat, room in (await self._read_rooms(wishes)).items():
            ring = news.chats[chat]
            if self._teller.tell(chat, room, ring):
                self._read(chat, Ring(ring.account_id))

    async def _read_rooms(self, wishes: dict[UUID, Wish]) -> dict[UUID, Room | None]:
        if not wishes:
            return {}
        rooms = await self._loop.run_in_executor(self._reader, in_thread, read_rooms, wishes)
        return {chat: rooms.get(chat) for chat in wishes}

    # Pings and checks

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for subscriber in self.crowd:
                if subscriber.next_ping <= now:
                    subscriber.next_ping = now + PING_SECONDS
                    subscriber.push(PING)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                await self._check_everybody()
            except Exception:
                log.exception("Open streams could not be checked; they are ended.")
                self._finish_all()

    async def _check_everybody(self) -> None:
        if not await self.ask(gate_is_open):
            self._finish_all()
        await self._check([subscriber for subscriber in self.crowd if subscriber.admission.user_id])
        chats = self.crowd.chats()
        last = await self.ask(last_entries, list(chats))
        for chat, account_id in chats.items():
            if any(visitor.after != last.get(chat) for visitor in self.crowd.visitors_in(chat)):
                self._read(chat, Ring(account_id))

    async def _check_agents(self, accounts: set[int]) -> None:
        """Check agents before they are told anything: all at once, so that many accounts cost no more."""
        now = time.monotonic()
        if now - self._checked_at > CHECK_LASTS and any(self.crowd.agents_of(a) for a in accounts):
            await self._check([s for s in self.crowd if s.admission.user_id])
            self._checked_at = now

    async def _check(self, agents: list[Subscriber]) -> None:
        if agents:
            admitted = await self.ask(still_admitted, {agent.admission for agent in agents})
            for agent in agents:
                if agent.admission not in admitted:
                    agent.end()


hub = Hub()
start, stop = hub.start, hub.stop
