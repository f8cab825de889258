"""What should be gone is gone: asked of the databases themselves, not of the code that erased."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connections

from privacy.encryption.files import sealed_storage
from privacy.routers import VAULT

MAIN = "default"


def count_survivors(keys: Sequence[UUID], files: Iterable[str]) -> dict[str, int]:
    """Return what still exists of erased things, by kind; empty where nothing does.

    Reads the catalogue of the main database for every table with a ``key_id``, so that a model whose
    declaration forgets something is found out.
    """
    found = {
        "rows": _count(MAIN, [(table, "key_id") for table in tables_with_keys()], keys),
        "keys": _count(VAULT, [("privacy_datakey", "id")], keys),
        "files": sum(sealed_storage().exists(name) for name in files),
    }
    return {kind: count for kind, count in found.items() if count}


def tables_with_keys() -> list[str]:
    """Return the tables of the main database whose rows are sealed, as its catalogue says."""
    connection = connections[MAIN]
    query = (
        "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'key_id'"
        if connection.vendor == "sqlite"
        else "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)"
        " AND a.attname = 'key_id' AND NOT a.attisdropped"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(name for (name,) in cursor.fetchall())


def _count(alias: str, columns: Iterable[tuple[str, str]], keys: Sequence[UUID]) -> int:
    """Count the rows that name one of these keys in (table, column), with one query for all tables."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    counts = " + ".join(
        f"(SELECT COUNT(*) FROM {quote(table)} WHERE {quote(column)} IN (SELECT id FROM wanted))"  # noqa: S608 (catalogue names)
        for table, column in columns
    )
    # A purge asks for hundreds of keys at once: as one value they are written and read once.
    if connection.vendor == "sqlite":
        unpacked, value = "SELECT value FROM json_each(%s)", json.dumps([key.hex for key in keys])
    else:
        unpacked, value = "SELECT unnest(%s::uuid[])", "{" + ",".join(key.hex for key in keys) + "}"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH wanted(id) AS ({unpacked}) SELECT {counts}", [value])
        return cursor.fetchone()[0]
