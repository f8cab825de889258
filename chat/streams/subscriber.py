"""One open stream. While nothing happens it costs one waiting task and no thread."""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from chat.streams.events import BYE
from helpdesk.client_ip import NOWHERE, ClientAddress

PING_SECONDS = 20
BACKLOG_LIMIT = 2**21  # bytes behind what is being sent; a slower reader is cut off and asks again


@dataclass(frozen=True, slots=True)
class Admission:
    """Who opened a stream, and what must stay true while it is open."""

    account_id: int
    conversation_id: UUID | None = None  # of a visitor
    token_hash: str = ""
    user_id: UUID | None = None  # of an agent
    session_key: str = ""
    password_mark: str = ""
    address: ClientAddress = NOWHERE


class Subscriber:
    """Sends chunks in their order without ever letting the hub wait."""

    __slots__ = (
        "_backlog",
        "_is_sending",
        "_over",
        "_send",
        "_sender",
        "_waiting",
        "admission",
        "after",
        "next_ping",
    )

    def __init__(self, admission: Admission, send, after: int = 0) -> None:
        self.admission = admission
        self.after = after
        self.next_ping = time.monotonic() + random.uniform(1, PING_SECONDS)  # noqa: S311 - spreads pings
        self._send = send
        self._backlog: deque[bytes] = deque()
        self._waiting = 0  # bytes
        self._is_sending = False
        self._sender: asyncio.Task | None = None
        self._over = False

    def push(self, chunk: bytes) -> None:
        if self._over:
            return
        self._backlog.append(chunk)
        self._waiting += len(chunk)
        if self._is_sending and self._waiting > BACKLOG_LIMIT:
            self._backlog.clear()
            self.finish()
        elif self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._drain())

    def end(self) -> None:
        """Say that there will be no more, for good."""
        self.push(BYE)
        self.finish()

    def finish(self) -> None:
        """Complete the response; a client that was not told *bye* connects again."""
        self._over = True
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._drain())

    @property
    def is_over(self) -> bool:
        return self._over

    async def _drain(self) -> None:
        try:
            while self._backlog:
                body = b"".join(self._backlog)
                self._backlog.clear()
                self._waiting = 0
                self._is_sending = True
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
                self._is_sending = False
            if self._over:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, RuntimeError):
            self._over = True  # the client is gone
        finally:
            self._sender = None
            if self._backlog and not self._over:
                self._sender = asyncio.get_running_loop().create_task(self._drain())
