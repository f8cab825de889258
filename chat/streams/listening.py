"""How a process hears the bell: Redis, or its own rings and a look at SQLite's ``data_version``."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from chat import bell
from chat.models import Conversation

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
LOOK_BACK = timedelta(seconds=3)

_stopping = threading.Event()
_heard: list[Callable[[dict[str, Any]], None]] = []


def start(hear: Callable[[dict[str, Any]], None]) -> None:
    """Let ``hear`` be called, from another thread, for every ring of any process."""
    _stopping.clear()
    if settings.LETHE_REDIS_URL:
        job, name = _listen_to_redis, "bell-redis"
    else:
        bell.listen(hear)
        _heard.append(hear)
        if connection.vendor != "sqlite":
            return
        job, name = _watch_sqlite, "bell-sqlite"
    threading.Thread(target=job, args=(hear,), name=name, daemon=True).start()


def stop() -> None:
    _stopping.set()
    while _heard:
        bell.unlisten(_heard.pop())


def _listen_to_redis(hear: Callable) -> None:
    while not _stopping.is_set():
        try:
            # No time-out on the socket: silence is normal, and redis-py's own default would end it.
            client = redis.Redis.from_url(
                settings.LETHE_REDIS_URL, socket_timeout=None, health_check_interval=30
            )
            with client.pubsub(ignore_subscribe_messages=True) as channel:
                channel.subscribe(bell.CHANNEL)
                while not _stopping.is_set():
                    message = channel.get_message(timeout=1.0)
                    if message:
                        hear(json.loads(message["data"]))
        except (redis.RedisError, ValueError):
            log.warning("The bell is silent; trying again.")
            _stopping.wait(RETRY_SECONDS)


def _watch_sqlite(hear: Callable) -> None:
    """Notice what other processes wrote, such as the worker that closes abandoned chats."""
    seen: dict[Any, int] = {}
    version = None
    while not _stopping.wait(POLL_SECONDS):
        try:
            with connection.cursor() as cursor:
                now = cursor.execute("PRAGMA data_version").fetchone()[0]
            if now != version:
                version = now
                seen = _ring_for_changes(hear, seen)
        except Exception:
            log.exception("The database could not be watched; trying again.")
            _stopping.wait(RETRY_SECONDS)
    connection.close()


def _ring_for_changes(hear: Callable, seen: dict[Any, int]) -> dict[Any, int]:
    recent = Conversation.objects.filter(last_message_at__gte=timezone.now() - LOOK_BACK)
    now = {}
    for pk, account_id, seq in recent.values_list("pk", "account_id", "last_seq"):
        now[pk] = seq
        if seen.get(pk) != seq:
            hear({"chat": pk.hex, "account": account_id, "seq": seq})
    return now
