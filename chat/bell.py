"""The bell: it tells every process that something is new, and never what. The database tells the truth.

With Redis a ring is one published message of ids; without, it reaches the streams of this process at once and
those of another process through SQLite's ``data_version`` (see :mod:`chat.streams.listening`).
"""

import json
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

CHANNEL = "lethe:bell"
Listener = Callable[[dict[str, Any]], None]

_listeners: list[Listener] = []


def ring(conversation_id: UUID, *, account_id: int, seq: int | None = None) -> None:
    """Tell the streams, after the commit, that a chat changed; ``seq`` is its newest entry, if any."""
    _after_commit({"chat": conversation_id.hex, "account": account_id, "seq": seq})


def ring_queue(account_id: int) -> None:
    """Tell the agents of an account, after the commit, that the queue changed."""
    _after_commit({"account": account_id, "queue": True})


def ring_typing(conversation_id: UUID, *, account_id: int, side: str) -> None:
    """Tell the other side that somebody is typing; nothing of it is stored."""
    _send({"chat": conversation_id.hex, "account": account_id, "typing": side})


def listen(listener: Listener) -> None:
    """Let the streams of this process hear its own rings; not needed with Redis."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    _listeners.remove(listener)


def _after_commit(message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send(message), robust=True)


def _send(message: dict[str, Any]) -> None:
    if settings.LETHE_REDIS_URL:
        try:
            _redis(settings.LETHE_REDIS_URL).publish(CHANNEL, json.dumps(message))
        except redis.RedisError:
            log.warning("The bell could not be rung; streams notice at their next check.")
        return
    for listener in _listeners:
        listener(message)


@lru_cache(maxsize=2)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
