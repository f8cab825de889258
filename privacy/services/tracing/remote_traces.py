"""The part of the search for traces that reads Redis: cache, broker and whatever else lies there."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import redis

from privacy.services.tracing.needles import Needles

PAGE = 500
LARGE = 1024 * 1024


def search_redis(url: str, needles: Needles) -> Iterator[tuple[str, int]]:
    """Yield where and how often the text is in a database of Redis: names, values, members, fields.

    What Celery handed to a worker and waits to be confirmed is a hash like any other.
    """
    server = redis.Redis.from_url(url, socket_connect_timeout=5)
    try:
        for name in server.scan_iter(count=PAGE):
            # The cache's keys carry its prefix; the rest is the broker's.
            where = "cache" if name.startswith(b"lethe:") else "broker"
            yield where, min(1, needles.count(name))
            yield where, needles.count_stream(_content(server, name))
    finally:
        server.close()


def _content(server: Any, name: bytes) -> Iterator[bytes]:
    reader = READERS.get(server.type(name), _nothing)
    # A line between values: the halves of two are no match. A string comes in pieces of one value.
    end = b"" if reader is _string else b"\n"
    return (value + end for value in reader(server, name))


def _nothing(server: Any, name: bytes) -> Iterator[bytes]:
    return iter(())


def _string(server: Any, name: bytes) -> Iterator[bytes]:
    start = 0
    while piece := server.getrange(name, start, start + LARGE - 1):
        yield piece
        start += LARGE


def _list(server: Any, name: bytes) -> Iterator[bytes]:
    start = 0
    while items := server.lrange(name, start, start + PAGE - 1):
        yield from items
        start += PAGE


def _hash(server: Any, name: bytes) -> Iterator[bytes]:
    return chain.from_iterable(server.hscan_iter(name, count=PAGE))


def _set(server: Any, name: bytes) -> Iterator[bytes]:
    return server.sscan_iter(name, count=PAGE)


def _sorted_set(server: Any, name: bytes) -> Iterator[bytes]:
    return (member for member, _ in server.zscan_iter(name, count=PAGE))


def _stream(server: Any, name: bytes) -> Iterator[bytes]:
    for _, fields in server.xrange(name):
        yield from chain.from_iterable(fields.items())


READERS: dict[bytes, Callable[[Any, bytes], Iterator[bytes]]] = {
    b"string": _string,
    b"list": _list,
    b"hash": _hash,
    b"set": _set,
    b"zset": _sorted_set,
    b"stream": _stream,
}
