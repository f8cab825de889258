"""A SQLite database as a backup: a copy of one moment, taken while others write."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connections

from privacy.backups.folders import Unusable

FILE = "database.sqlite3"
PATIENCE = 20  # seconds
BESIDE = ("-wal", "-shm")


def dump(alias: str, folder: Path) -> None:
    """Write a copy of a database into ``folder``; pages that were freed are not in it."""
    with closing(sqlite3.connect(f"{_path(alias).as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as source:
        source.execute("VACUUM INTO ?", [str(folder / FILE)])


def put_back(alias: str, folder: Path) -> None:
    """Put a copy in the place of a database, which nobody may use; raises :class:`Unusable`."""
    place = _path(alias)
    aside = place.with_name(f".{place.name}.restoring")
    connections[alias].close()
    shutil.copyfile(folder / FILE, aside)
    aside.chmod(0o600)
    try:
        _check(aside)
        _forget_journal(place)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)


def _path(alias: str) -> Path:
    return Path(connections[alias].settings_dict["NAME"]).absolute()


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        try:
            sound = copy.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            sound = False
    if not sound:
        raise Unusable("The database in the backup is damaged.")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _forget_journal(place: Path) -> None:
    """Take the old journal away, written home first: beside another database its pages would be applied."""
    if place.exists():
        with closing(sqlite3.connect(place, timeout=PATIENCE)) as old:
            try:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.DatabaseError:
                pass  # it is damaged, and perhaps that is why a backup is put back
    for suffix in BESIDE:
        place.with_name(place.name + suffix).unlink(missing_ok=True)
