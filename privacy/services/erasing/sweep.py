"""What a crash left behind: keys whose row never came, files that no row names, people without anything."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import declarations, roots
from privacy.encryption.files import delete_file, sealed_storage, stored_files
from privacy.models import DataKey
from privacy.routers import VAULT
from privacy.services.erasing.survivors import MAIN, tables_with_keys

log = logging.getLogger(__name__)

BATCH = 500
# A key is made just before its row, a file just before its line: an hour later neither is on its way.
GRACE = timedelta(hours=1)

T = TypeVar("T")


def sweep_keys(*, now: datetime | None = None) -> int:
    """Destroy the keys without rows that are older than an hour; returns how many.

    Must not run while the gate is closed: to a restored database the keys of newer rows look unused.
    """
    limit = (now or timezone.now()) - GRACE
    tables, swept = tables_with_keys(), 0
    for ids in _old_keys(limit):
        unused = set(ids) - set(_used(tables, ids))
        if unused:
            with transaction.atomic(using=VAULT):
                entry = ledger.append("keys.swept", keys=sorted(key.hex for key in unused))
                swept += vault.destroy_keys(unused, entry=entry)
    vacuum_keys()
    return swept


def sweep_files(*, now: datetime | None = None) -> int:
    """Delete the stored files that no row names and that are older than an hour; returns how many."""
    limit = (now or timezone.now()) - GRACE
    swept = 0
    for names in _batches(stored_files()):
        for name in set(names) - _named(names):
            if sealed_storage().get_modified_time(name) < limit:
                delete_file(name)
                swept += 1
    if swept:
        ledger.append("files.swept", files=swept)
    return swept


def sweep_people(*, now: datetime | None = None) -> int:
    """Start the clock of people of whom nothing is left and nobody noticed; returns how many.

    A merging that broke off, or an erasure that found them locked, would keep them for ever. The clock of
    those who have something again stops.
    """
    now, found = now or timezone.now(), 0
    for person in roots():
        if not person.erase_when_bare:
            continue
        theirs = Q()
        for unit in roots():
            if unit.person_model is person.model and unit.model is not person.model:
                theirs |= Q(Exists(unit.rows().filter(**{unit.person: OuterRef("pk")})))
        found += person.rows().filter(~theirs, **{person.over: None}).update(**{person.over: now})
        person.rows().filter(theirs, **{f"{person.over}__isnull": False}).update(**{person.over: None})
    return found


def vacuum_keys() -> None:
    """Take destroyed keys out of the vault's pages: PostgreSQL keeps deleted rows until it is told to."""
    connection = connections[VAULT]
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (FULL) privacy_datakey")
    vault.forget_deleted_pages()


def _old_keys(limit: datetime) -> Iterator[list[UUID]]:
    old = DataKey.objects.filter(created_at__lt=limit).exclude(kind__in=DataKey.STANDING)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH])
    while ids:
        yield ids
        ids = list(old.filter(pk__gt=ids[-1]).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _used(tables: Iterable[str], ids: list[UUID]) -> Iterator[UUID]:
    connection = connections[MAIN]
    native = connection.features.has_native_uuid_field
    holes = ", ".join(["%s"] * len(ids))
    values: list[Any] = [key if native else key.hex for key in ids]
    with connection.cursor() as cursor:
        for table in tables:
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT DISTINCT key_id FROM {name} WHERE key_id IN ({holes})", values)  # noqa: S608
            yield from (key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall())


def _named(names: list[str]) -> set[str]:
    """Return which of these files a row names."""
    return {
        name
        for declared in declarations()
        for field in declared.files
        for name in declared.rows().filter(**{f"{field}__in": names}).values_list(field, flat=True)
    }


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch
