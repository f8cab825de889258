"""A PostgreSQL database as a backup, made and put back by PostgreSQL's own programs."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.backends.postgresql.client import DatabaseClient

FILE = "database.dump"


class ProgramMissing(Exception):
    """pg_dump or pg_restore isn't there, is too old, or fails."""


def dump(alias: str, folder: Path) -> None:
    """Write a dump of a database, of one moment, into ``folder``; raises :class:`ProgramMissing`."""
    _run("pg_dump", alias, ["--format=custom", f"--file={folder / FILE}"])


def put_back(alias: str, folder: Path, *, same_tables: bool) -> None:
    """Replace the tables of a database by those of a dump; raises :class:`ProgramMissing`.

    Where the tables are of the same version all of it is one transaction: a failure changes nothing.
    Otherwise the database is emptied first, since tables that the dump doesn't know would stay.
    """
    _program("pg_restore", alias)
    if not same_tables:
        _empty(alias)
    connections[alias].close()
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", alias, options, source=folder / FILE)
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE")  # without statistics long lists are slow until autovacuum comes by


def _empty(alias: str) -> None:
    connection = connections[alias]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")


def _run(name: str, alias: str, options: list[str], *, source: Path | None = None) -> None:
    program = _program(name, alias)
    settings = connections[alias].settings_dict
    # The password goes by the environment: everybody on the machine sees command lines.
    arguments, secrets = DatabaseClient.settings_to_cmd_args_env(settings, options)
    command = [program, "--no-password", *arguments[1:]]
    if source is not None:  # pg_restore takes the database as an option, and the dump as what comes last
        command[-1:] = [f"--dbname={settings['NAME']}", str(source)]
    result = subprocess.run(command, env=secrets or {}, capture_output=True, text=True, check=False)
    if result.returncode:
        raise ProgramMissing(f"{name} failed: {_first_line(result.stderr)}")


def _program(name: str, alias: str) -> str:
    """Return where a program of PostgreSQL lies; it must not be older than the server."""
    path = shutil.which(name)
    if path is None:
        raise ProgramMissing(f"{name} isn't installed: it comes with PostgreSQL's client programs.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.\d+)*", said)
    server: Any = connections[alias]
    with server.cursor():
        needed = server.pg_version // 10000
    if found is None or int(found[1]) < needed:
        version = found[1] if found else "unknown"
        raise ProgramMissing(f"{name} is of version {version}, the server of {needed}: install {needed}.")
    return path


def _first_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0] if lines else "it says nothing"
