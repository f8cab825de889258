"""The route of the streams: plain ASGI in front of Django."""

import asyncio
import re
from typing import Any

from chat.streams.admission import GateClosed, admit
from chat.streams.hub import hub
from chat.streams.subscriber import Admission, Subscriber

SEQUENCE = re.compile(rb"\d{1,9}")
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


async def stream_app(scope: dict[str, Any], receive, send) -> None:
    """Serve one stream until the client leaves, access ends or the server stops."""
    if scope["method"] != "GET":
        return await _refuse(send, 405)
    try:
        admission = await _admission(scope)
    except GateClosed:
        return await _refuse(send, 503)
    if admission is None:
        return await _refuse(send, 404)
    if not hub.crowd.has_room_for(admission):
        return await _refuse(send, 429)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    subscriber = Subscriber(admission, send, after=_last_event_id(scope))
    subscriber.push(b": welcome\n\n")
    hub.add(subscriber)
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        hub.remove(subscriber)


async def _admission(scope: dict[str, Any]) -> Admission | None:
    """Return who asks; raises :class:`GateClosed` also where the hub stops before the database answers."""
    if not hub.is_running:
        raise GateClosed
    try:
        admission = await hub.ask(admit, scope)
    except asyncio.CancelledError:
        if hub.is_running:
            raise
        raise GateClosed from None
    if not hub.is_running:
        raise GateClosed
    return admission


async def _refuse(send, status: int) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"No such stream.\n"})


def _last_event_id(scope: dict[str, Any]) -> int:
    sent = dict(scope["headers"]).get(b"last-event-id", b"")
    return int(sent) if SEQUENCE.fullmatch(sent) else 0
