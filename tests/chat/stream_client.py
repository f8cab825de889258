"""A client of server-sent events, read by a thread of its own."""

import http.client
import json
import re
import threading
import time
from typing import Any, NamedTuple

WITHIN = 8.0  # seconds; a machine that runs other tests beside may be slow


class Event(NamedTuple):
    name: str
    data: str
    id: int | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def text(self) -> str:
        """The body of the entry that an event shows."""
        found = re.search(r'message__body"[^>]*>(.*?)</div>', self.data, re.DOTALL)
        return found.group(1) if found else ""


class Stream:
    """One open stream: what came, in order, and whether it is over."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", path, headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.events: list[Event] = []
        self.is_over = False
        self._changed = threading.Condition()
        self._read = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        fields: dict[str, list[str]] = {}
        try:
            for raw in self._response:
                line = raw.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields.setdefault(name, []).append(value.removeprefix(" "))
                elif fields:
                    self._add(fields)
                    fields = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def _add(self, fields: dict[str, list[str]]) -> None:
        number = fields.get("id", [None])[0]
        event = Event(
            name=fields.get("event", [""])[0],
            data="\n".join(fields.get("data", [])),
            id=int(number) if number else None,
        )
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def next(self, name: str | None = None, *, within: float = WITHIN) -> Event:
        """Return the next event that nobody took yet, or the next one of a name, passing by others."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    if name in {None, event.name}:
                        return event
                left = deadline - time.monotonic()
                if left <= 0 or self.is_over:
                    raise AssertionError(f"no event {name!r} in {[e.name for e in self.events]}")
                self._changed.wait(left)

    def next_entry(self, *, after: int) -> Any:
        """Return what an agent is told next of a chat's entries, passing by what the page knows already."""
        while (entry := self.next("entry").json)["seq"] <= after:
            pass
        return entry

    def wait_for(self, condition, *, within: float = WITHIN) -> None:
        """Wait until ``condition(self)`` holds."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), within), self.events[-5:]

    def wait_for_end(self, *, within: float = WITHIN) -> list[str]:
        """Wait until the server ended the stream, and return the names of what came last."""
        self.wait_for(lambda stream: stream.is_over, within=within)
        return [event.name for event in self.events[-2:]]

    @property
    def entries(self) -> list[int | None]:
        """The sequences of the entries that came."""
        return [event.id for event in self.events if event.name == ""]

    def close(self) -> None:
        """Go away as a browser does that is closed: without a word."""
        try:
            self._socket.shutdown(2)
        except OSError:
            pass
        self._connection.close()
        self._thread.join(5)
        self._response.close()
