"""The main database and the vault as parts of a backup."""

from pathlib import Path
from typing import Any

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from privacy.backups import postgres, sqlite
from privacy.backups.folders import Manifest, Unusable
from privacy.encryption import keyring
from privacy.models import LedgerEntry
from privacy.routers import VAULT
from privacy.services.rotation import wrapped_by


def dump(alias: str, folder: Path) -> dict[str, Any]:
    """Write a copy of a database into ``folder`` and return what it takes to put it back."""
    connection = connections[alias]
    (sqlite if connection.vendor == "sqlite" else postgres).dump(alias, folder)
    facts: dict[str, Any] = {"vendor": connection.vendor, "migrations": _applied(alias)}
    # By fingerprint: whoever restores learns in time which keys of the ring it takes.
    return facts | ({"ring_keys": sorted(wrapped_by())} if alias == VAULT else {})


def put_back(alias: str, folder: Path, manifest: Manifest) -> None:
    """Put a copy in the place of a database; raises :class:`Unusable` before anything is changed."""
    connection = connections[alias]
    if manifest.facts.get("vendor") != connection.vendor:
        raise Unusable(
            f"The backup is of {manifest.facts.get('vendor')}, the database is {connection.vendor}."
        )
    _check_version(alias, manifest)
    if alias == VAULT:
        _check_vault(manifest)
    if connection.vendor == "sqlite":
        sqlite.put_back(alias, folder)
    else:
        postgres.put_back(alias, folder, same_tables=manifest.facts["migrations"] == _applied(alias))


def _applied(alias: str) -> list[str]:
    return sorted(".".join(key) for key in MigrationRecorder(connections[alias]).applied_migrations())


def _check_version(alias: str, manifest: Manifest) -> None:
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(manifest.facts["migrations"]) - known):
        raise Unusable(f"The backup is of a newer version of Lethe: this one doesn't know {newer[0]}.")


def _check_vault(manifest: Manifest) -> None:
    held = {keyring.fingerprint(key) for key in keyring.ring()}
    if lacking := sorted(set(manifest.facts["ring_keys"]) - held):
        raise Unusable(
            f"The key ring can't open this vault, it lacks {', '.join(lacking)}: put them back first."
        )
    if (newest := _newest_entry()) > manifest.seq:
        raise Unusable(
            f"The vault that is here is newer (entry {newest}) than the backup (entry {manifest.seq}):"
            " the keys made since would be lost. If it is damaged, move it away first."
        )


def _newest_entry() -> int:
    if LedgerEntry._meta.db_table not in connections[VAULT].introspection.table_names():
        return 0
    return LedgerEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
