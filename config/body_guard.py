"""The guard in front of the thread pool: a request gets a thread only when its whole body has arrived.

Django's threads block while they read a body, so a handful of stalled uploads would block every page.
"""

import asyncio
import codecs
import tempfile
from typing import IO

from django.utils.http import parse_header_parameters

from config.asgi_types import App, Message, Receive, Scope, Send
from config.bridge import BODY

MEMORY_BYTES = 512 * 1024
CHUNK_BYTES = 64 * 1024
SLOWEST_BYTES_PER_SECOND = 32 * 1024
DISCARD_SECONDS = 5

TOO_LARGE = "What was sent is larger than this helpdesk accepts."
UNREADABLE = "What was sent doesn't say readably what it is."
TOO_SLOW = "What was sent took too long to arrive. Please try again."


class TooLarge(Exception):
    """The body has more bytes than allowed."""


class Disconnected(Exception):
    """The client went away before its body was complete."""


class BodyGuard:
    """Spool a request's body within a limit and a deadline, then hand the request on.

    The deadline grows with what has arrived: a slow line may take its time, a stalled one may not.
    """

    def __init__(self, app: App, *, limit: int, seconds: float) -> None:
        self.app = app
        self.limit = limit
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = without_underscores(scope)
            if not has_readable_type(scope):
                await discard(receive)
                return await answer(send, 400, UNREADABLE)
        if scope["type"] != "http" or not has_body(scope):
            return await self.app(scope, receive, send)
        with tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES) as body:
            try:
                size = await self.spool(scope, receive, body)
            except TooLarge:
                await discard(receive)
                return await answer(send, 413, TOO_LARGE)
            except TimeoutError:
                return await answer(send, 408, TOO_SLOW)
            except Disconnected:
                return None
            scope = {**with_length(scope, size), BODY: body}
            return await self.app(scope, replay(body, size, receive), send)

    async def spool(self, scope: Scope, receive: Receive, body: IO[bytes]) -> int:
        """Write the body into the file, rewind it, and return its size."""
        if declared_length(scope) > self.limit:
            raise TooLarge
        size = 0
        start = asyncio.get_running_loop().time()
        async with asyncio.timeout(self.seconds) as deadline:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                size += len(message.get("body", b""))
                if size > self.limit:
                    raise TooLarge
                body.write(message.get("body", b""))
                if not message.get("more_body"):
                    break
                deadline.reschedule(start + self.seconds + size / SLOWEST_BYTES_PER_SECOND)
        body.seek(0)
        return size


def without_underscores(scope: Scope) -> Scope:
    """Drop headers whose name has an underscore: WSGI can't tell X_Real from X-Real."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}


def has_readable_type(scope: Scope) -> bool:
    """Tell whether Django can read the content type: it does so before anything of it could answer."""
    sent = b",".join(value for name, value in scope["headers"] if name == b"content-type")
    if b";" not in sent:
        return True
    try:
        _type, parameters = parse_header_parameters(sent.decode("latin-1"))
        codecs.lookup(parameters.get("charset", "utf-8"))
    except LookupError:  # of a charset that nobody knows: Django goes on without
        return True
    except Exception:  # noqa: BLE001 - the parser of mails, which is used here, promises none
        return False
    return True


def has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"transfer-encoding" in names or declared_length(scope) > 0


def declared_length(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def with_length(scope: Scope, size: int) -> Scope:
    """Say the body's true length: WSGI reads nothing of a chunked body, which has none."""
    framing = (b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if name not in framing]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % size)]}


def replay(body: IO[bytes], size: int, receive: Receive) -> Receive:
    """Return a receiver that gives the spooled body, and after it what the client still has to say."""
    finished = False

    async def receive_spooled() -> Message:
        nonlocal finished
        if finished:
            return await receive()
        chunk = body.read(CHUNK_BYTES)
        finished = body.tell() >= size
        return {"type": "http.request", "body": chunk, "more_body": not finished}

    return receive_spooled


async def discard(receive: Receive) -> None:
    """Read on for a moment, since a browser that is cut off while it sends never shows the answer."""
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        pass


async def answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
