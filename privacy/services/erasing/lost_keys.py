"""What a vault that came back from an older copy can't open any more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections

from privacy import vault
from privacy.declarations import PersonalData, declarations, root_of, roots, unit_of
from privacy.encryption.rows import SealedModel
from privacy.services.erasing.survivors import MAIN, tables_with_keys

BATCH = 500


def lost_keys() -> set[UUID]:
    """Return the keys that rows name and that the vault has neither as a key nor as an erasure."""
    lost: set[UUID] = set()
    for ids in _named_keys():
        lost |= vault.lost_among(ids)
    return lost


def units_in_order() -> list[PersonalData]:
    """Return chats and tickets, then what may go without them, then people: whoever has nothing left goes."""
    parts = [root_of(declared.model) for declared in declarations() if declared.separable]
    return [*(r for r in roots() if r.person != "pk"), *parts, *(r for r in roots() if r.person == "pk")]


def unreadable_units(unit: PersonalData, lost: Collection[UUID], going: Mapping[Any, set]) -> dict[Any, set]:
    """Return the ids of units of which a row can't be read, by account.

    ``going`` are the units, by model, that are erased anyway: parts of them go with them.
    """
    rows = [
        d for d in unit_of(unit.model) if d.model is unit.model or not (d.separable or unit.person == "pk")
    ]
    ids: set = set()
    for declared in rows:
        if issubclass(declared.model, SealedModel):
            for keys in batches(lost):
                sealed = declared.rows().filter(key_id__in=keys)
                ids.update(sealed.values_list(declared.path, flat=True))
    by_account = defaultdict(set)
    above, way = unit.ways_up()[1] if unit.separable else (None, "pk")
    for batch in batches(ids):
        for pk, account_id, unit_id in unit.rows().filter(pk__in=batch).values_list("pk", "account_id", way):
            if above is None or unit_id not in going.get(above, ()):
                by_account[account_id].add(pk)
    return by_account


def _named_keys() -> Iterator[list[UUID]]:
    connection = connections[MAIN]
    for table in tables_with_keys():
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT key_id FROM {connection.ops.quote_name(table)}")  # noqa: S608
            while rows := cursor.fetchmany(BATCH):
                yield [key if isinstance(key, UUID) else UUID(key) for (key,) in rows if key]


def batches(items: Iterable) -> Iterator[list]:
    """Yield lists of at most :data:`BATCH` items."""
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch
