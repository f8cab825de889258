"""A small load generator: raw HTTP and server-sent events, since it shares the machine with the server.

Only this machine is ever loaded.
"""

import asyncio
import re
import socket
import time
from collections.abc import Iterable
from typing import Any

HOST = "127.0.0.1"
MARK = re.compile(rb"bm:(\d+):")
now = time.perf_counter


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def milliseconds(seconds: list[float], prefix: str = "") -> dict[str, float]:
    """Return the percentiles of durations, in milliseconds."""
    if not seconds:
        return {}
    marks = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {f"{prefix}{name}_ms": round(percentile(seconds, p) * 1000, 2) for name, p in marks.items()}


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Poster(asyncio.Protocol):
    """A connection that is kept, with one request on its way at a time."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[int] | None = None
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.received += data
        top, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)content-length:\s*(\d+)", top)
        is_whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        if is_whole and self.answer and not self.answer.done():
            self.received = b""
            self.answer.set_result(int(top[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(ConnectionResetError())

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Return the status of the answer."""
        self.answer = asyncio.get_running_loop().create_future()
        form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        self.transport.write(head("POST", path, {**form, **headers}) + body)
        return await asyncio.wait_for(self.answer, 60)


async def open_poster(port: int) -> Poster:
    _, poster = await asyncio.get_running_loop().create_connection(Poster, HOST, port)
    return poster


class Deliveries:
    """What was sent when, and how long each copy of it took."""

    def __init__(self) -> None:
        self.sent: dict[int, float] = {}
        self.latencies: list[float] = []

    def received(self, data: bytes) -> None:
        at = now()
        self.latencies += [at - self.sent[int(mark)] for mark in MARK.findall(data) if int(mark) in self.sent]


class Reader(asyncio.Protocol):
    """One open stream."""

    def __init__(self, path: str, headers: dict[str, str], deliveries: Deliveries) -> None:
        self.request = head("GET", path, {"Accept": "text/event-stream", **headers})
        self.deliveries = deliveries
        self.is_open = asyncio.get_running_loop().create_future()
        self.is_closed = False
        self.rest = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.is_open.done():
            self.is_open.set_result(data[9:12] == b"200")
        # An event may come in pieces: only whole lines are looked at.
        lines, _, self.rest = (self.rest + data).rpartition(b"\n")
        if b"bm:" in lines:
            self.deliveries.received(lines)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        if not self.is_open.done():
            self.is_open.set_result(False)


async def open_readers(
    port: int, streams: Iterable[tuple[str, dict[str, str]]], deliveries: Deliveries
) -> list[Reader]:
    """Open streams, 64 at a time, and return those that the server admitted."""
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(64)

    async def open_one(path: str, headers: dict[str, str]) -> Reader | None:
        async with gate:
            _, reader = await loop.create_connection(lambda: Reader(path, headers, deliveries), HOST, port)
            return reader if await asyncio.wait_for(reader.is_open, 60) else None

    found = await asyncio.gather(*(open_one(*stream) for stream in streams))
    return [reader for reader in found if reader]
