"""From ASGI to Django's WSGI threads and back, with one crossing for a page instead of five.

a2wsgi lets the thread wait for the event loop at each piece of the body and of the answer, and each wait
costs a change of threads. Here the body is the file that the guard has spooled, and the answer of a page is
handed over whole.
"""

import asyncio
import contextvars
from io import BytesIO
from typing import Any

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import WSGIResponder, build_environ

from config.asgi_types import Message

BODY = "lethe.body"  # where the guard leaves a body for us in the scope
HELD_BYTES = 256 * 1024  # of an answer; a longer one, such as a download, goes out piece by piece


class Bridge(WSGIMiddleware):
    """a2wsgi's middleware with an answer of our own."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        return await Answer(self.app, self.executor, self.send_queue_size)(scope, receive, send)


class Answer(WSGIResponder):
    """One request in a thread."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.held: list[Message] = []
        self.held_bytes = 0
        self.out = send
        body: Any = scope.get(BODY) or BytesIO()
        environ: Any = build_environ(scope, body)
        run = contextvars.copy_context().run
        await self.loop.run_in_executor(self.executor, run, self.wsgi, environ, self.start_response)
        await self.flush(self.held)
        if self.exc_info is not None:
            raise self.exc_info[0].with_traceback(self.exc_info[1], self.exc_info[2])

    def send(self, message: Any) -> None:
        """Take a piece from the thread; once enough is held the thread waits until the client took it."""
        self.held.append(message)
        self.held_bytes += len(message.get("body", b""))
        if self.held_bytes > HELD_BYTES:
            held, self.held, self.held_bytes = self.held, [], 0
            asyncio.run_coroutine_threadsafe(self.flush(held), self.loop).result()

    async def flush(self, messages: list[Message]) -> None:
        for message in messages:
            await self.out(message)
