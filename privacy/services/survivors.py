"""What should be gone is gone: asked of the databases themselves, not of the code that erased."""

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
        "rows": sum(_count(MAIN, table, "key_id", keys) for table in tables_with_keys()),
        "keys": _count(VAULT, "privacy_datakey", "id", keys),
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
        else "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'key_id'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(name for (name,) in cursor.fetchall())


def _count(alias: str, table: str, column: str, keys: Sequence[UUID]) -> int:
    if not keys:
        return 0
    connection = connections[alias]
    native = connection.features.has_native_uuid_field
    quote = connection.ops.quote_name
    holes = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(*) FROM {quote(table)} WHERE {quote(column)} IN ({holes})",  # noqa: S608 (catalogue names)
            [key if native else key.hex for key in keys],
        )
        return cursor.fetchone()[0]
