"""The bell: it tells every process that something is new, and never what. The database tells the truth.

With Redis a ring is one published message of ids. Without, or while Redis is away, it reaches the streams of
this process at once, and with SQLite those of others by its ``data_version`` (:mod:`chat.streams.listening`).
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
from django.utils.crypto import salted_hmac
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

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
    """Let the streams of this process hear its own rings; with Redis, those that Redis can't carry."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    _listeners.remove(listener)


def channel() -> str:
    """Return the name under which this deployment rings; others may share its Redis."""
    return f"lethe:bell:{salted_hmac('chat.bell', 'channel').hexdigest()[:16]}"


def _after_commit(message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send(message), robust=True)


def _send(message: dict[str, Any]) -> None:
    if settings.LETHE_REDIS_URL:
        try:
            _redis(settings.LETHE_REDIS_URL).publish(channel(), json.dumps(message))
            return
        except redis.RedisError:
            log.warning("The bell rings in this process only; streams of others notice at their next check.")
    for listener in _listeners:
        listener(message)


@lru_cache(maxsize=2)
def _redis(url: str) -> redis.Redis:
    # A post doesn't wait for a Redis that is away: the second try is for a connection that had gone stale.
    once_more = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=once_more)
