"""Backups as operators take them: a copy of a database's file, or its rows where it is a server's."""

import shutil
import sqlite3
from pathlib import Path

from django.db import connections


class Backup:
    """A copy of one database, which can be put back later."""

    def __init__(self, alias: str, folder: Path) -> None:
        self.alias = alias
        self._sqlite = connections[alias].vendor == "sqlite"
        if self._sqlite:
            self._copy = folder / f"{alias}.backup"
            self._checkpointed()
            shutil.copy(self._path, self._copy)
        else:
            self._rows = {table: self._read(table) for table in self._tables()}

    def put_back(self) -> None:
        if self._sqlite:
            self._checkpointed()
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            shutil.copy(self._copy, self._path)
        else:
            self._write()

    @property
    def _path(self) -> Path:
        return Path(connections[self.alias].settings_dict["NAME"])

    def _checkpointed(self) -> None:
        connections[self.alias].close()
        with sqlite3.connect(self._path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def _tables(self) -> list[str]:
        return connections[self.alias].introspection.table_names()

    def _read(self, table: str) -> list[tuple]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            return cursor.fetchall()

    def _write(self) -> None:
        with connections[self.alias].cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # rows come back in any order
            for table in self._tables():
                cursor.execute(f'DELETE FROM "{table}"')
                rows = self._rows.get(table, [])
                if rows:
                    holes = ", ".join(["%s"] * len(rows[0]))
                    cursor.executemany(f'INSERT INTO "{table}" VALUES ({holes})', rows)
            cursor.execute("SET session_replication_role = DEFAULT")
