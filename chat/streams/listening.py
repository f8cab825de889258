"""How a process hears the bell: Redis, or its own rings and a look at SQLite's ``data_version``."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import redis
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from chat import bell
from chat.models import Conversation

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
LOOK_BACK = timedelta(seconds=3)
MISSED = {"missed": True}

Hear = Callable[[dict[str, Any]], None]

_stopping = threading.Event()
_heard: list[Hear] = []


class Change(NamedTuple):
    """What another process may have changed in a chat."""

    account_id: int
    seq: int
    status: str


def start(hear: Hear) -> None:
    """Let ``hear`` be called, from another thread, for every ring of any process."""
    _stopping.clear()
    bell.listen(hear)
    _heard.append(hear)
    if settings.LETHE_REDIS_URL:
        _in_background(_listen_to_redis, hear, "bell-redis")
    elif connection.vendor == "sqlite":
        _in_background(_watch_sqlite, hear, "bell-sqlite")


def stop() -> None:
    _stopping.set()
    while _heard:
        bell.unlisten(_heard.pop())


def _in_background(job: Callable[[Hear], None], hear: Hear, name: str) -> None:
    threading.Thread(target=job, args=(hear,), name=name, daemon=True).start()


def _listen_to_redis(hear: Hear) -> None:
    while not _stopping.is_set():
        try:
            # No time-out on the socket: silence is normal, and redis-py's own default would end it.
            client = redis.Redis.from_url(
                settings.LETHE_REDIS_URL, socket_timeout=None, health_check_interval=30
            )
            with client.pubsub() as channel:
                channel.subscribe(bell.channel())
                while not _stopping.is_set():
                    _take(channel.get_message(timeout=1.0), hear)
        except redis.RedisError:
            log.warning("The bell is silent; trying again.")
            _stopping.wait(RETRY_SECONDS)


def _take(message: dict[str, Any] | None, hear: Hear) -> None:
    if message is None:
        return
    if message["type"] == "subscribe":  # for the first time, or again after Redis was away
        hear(MISSED)
    elif message["type"] == "message":
        hear(json.loads(message["data"]))


def _watch_sqlite(hear: Hear) -> None:
    """Notice what other processes wrote, such as the worker that closes abandoned chats."""
    seen: dict[UUID, Change] | None = None
    version = None
    while not _stopping.is_set():
        try:
            if seen is None:
                seen = _changes(Conversation.objects.open())
                hear(MISSED)
            with connection.cursor() as cursor:
                now = cursor.execute("PRAGMA data_version").fetchone()[0]
            if now != version:
                version = now
                seen = _ring_for_changes(hear, seen)
            _stopping.wait(POLL_SECONDS)
        except Exception:
            log.exception("The database could not be watched; trying again.")
            connection.close()
            seen = version = None
            _stopping.wait(RETRY_SECONDS)
    connection.close()


def _changes(chats: QuerySet) -> dict[UUID, Change]:
    return {pk: Change(*row) for pk, *row in chats.values_list("pk", "account_id", "last_seq", "status")}


def _ring_for_changes(hear: Hear, seen: dict[UUID, Change]) -> dict[UUID, Change]:
    """Ring for what changed since it was ``seen``, and return what is to be remembered."""
    recent = _changes(Conversation.objects.filter(last_message_at__gte=timezone.now() - LOOK_BACK))
    for pk, change in recent.items():
        before = seen.get(pk, Change(change.account_id, 0, ""))
        for seq in sorted({before.seq + 1, change.seq} if change != before else ()):
            hear({"chat": pk.hex, "account": change.account_id, "seq": seq})
        if change.status != before.status:
            hear({"account": change.account_id, "queue": True})
    still_open = {pk: change for pk, change in seen.items() if change.status != Conversation.Status.CLOSED}
    return still_open | recent
