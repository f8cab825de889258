"""Server-sent events as bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import json
from typing import Any

PING = b": ping\n\n"
BYE = b"event: bye\ndata:\n\n"


def event(data: str | dict[str, Any], *, name: str = "", seq: int | None = None) -> bytes:
    """Return one event; a ``dict`` travels as JSON. Without a name it is a message, its sequence the id."""
    text = json.dumps(data, separators=(",", ":")) if isinstance(data, dict) else data
    head = (f"id: {seq}\n" if seq is not None else "") + (f"event: {name}\n" if name else "")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return (head + "".join(f"data: {line}\n" for line in lines) + "\n").encode("utf-8", "replace")
