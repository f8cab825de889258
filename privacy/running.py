"""Who works with the databases of this deployment: web processes, workers and commands, or one restore."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.utils import timezone

from privacy.models import Heartbeat

BEATING = timedelta(seconds=15)  # the timetable writes its heartbeat every five seconds

_held: list[IO[bytes]] = []


class Busy(Exception):
    """Somebody else works with the databases."""


def hold() -> None:
    """Say for the rest of this process that it works with the databases; raises :class:`Busy`.

    The system takes the word back when the process ends, however it ends.
    """
    file = _lock_file()
    try:
        _share(file)
    except Busy:
        file.close()
        raise
    _held.append(file)


@contextmanager
def held() -> Iterator[None]:
    """Say for a while that somebody works with the databases; raises :class:`Busy`."""
    with _lock_file() as file:
        _share(file)
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Keep the databases for oneself; raises :class:`Busy` while anybody works with them.

    Processes of this data folder are known by their lock, those of other machines by their connections to
    PostgreSQL and by the heartbeat.
    """
    with _lock_file() as file:
        if not _locked(file, fcntl.LOCK_EX):
            raise Busy("The web process, a worker or a command runs: stop it first.")
        for alias in connections:
            if others := _other_sessions(alias):
                raise Busy(f"{others} other connections to the {alias} database are open: end them first.")
        if _beats():
            raise Busy("A worker was alive less than 15 seconds ago: stop it, or wait a moment.")
        yield


def _lock_file() -> IO[bytes]:
    return open(Path(settings.LETHE_DATA_DIR) / "running.lock", "ab")


def _share(file: IO[bytes]) -> None:
    if not _locked(file, fcntl.LOCK_SH):
        raise Busy("A backup is being put back: start again once that is done.")


def _locked(file: IO[bytes], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _other_sessions(alias: str) -> int:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def _beats() -> bool:
    """Tell whether a worker on another machine writes into the main database, if that can be read."""
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return False
    try:
        return Heartbeat.objects.filter(seen_at__gt=timezone.now() - BEATING).exists()
    except DatabaseError:
        return False
