"""Rows that hold sealed fields: their identity, and the keys of everything fetched with them."""

import os
import time
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import models

from privacy import vault


def uuid7() -> UUID:
    """Return a time-ordered UUID (RFC 9562): known before the row is stored, so it can be bound to it."""
    stamp = (time.time_ns() // 1_000_000).to_bytes(6, "big")
    raw = bytearray(stamp + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))


class KeyBunch:
    """The keys of rows that were fetched together, loaded in one query when the first value is opened."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._ids = set(ids)
        self._keys: dict[UUID, bytes | None] = {}

    def __getitem__(self, key_id: UUID) -> bytes | None:
        if key_id not in self._keys:
            self._ids.add(key_id)
            self._keys.update(vault.open_keys(self._ids - self._keys.keys()))
        return self._keys[key_id]


def sealed_rows(top: models.Model) -> Iterator["SealedModel"]:
    """Yield the row and what ``select_related`` brought with it, as far as they are sealed, each once."""
    seen: set[int] = set()  # rows may lead back to each other: an account's owner to the account
    waiting = [top]
    while waiting:
        row = waiting.pop()
        if id(row) in seen:
            continue
        seen.add(id(row))
        if isinstance(row, SealedModel):
            yield row
        waiting += [
            related for related in row._state.fields_cache.values() if isinstance(related, models.Model)
        ]


def share_keys(rows: Iterable[models.Model]) -> None:
    """Let all sealed rows of a page open their keys together: one query instead of one a row."""
    sealed = [row for top in rows for row in sealed_rows(top)]
    bunch = KeyBunch(row.key_id for row in sealed if "key_id" in row.__dict__)
    for row in sealed:
        row._state.keys = bunch  # type: ignore[attr-defined]


class SealedQuerySet(models.QuerySet):
    """A queryset whose rows share one query for their keys."""

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()
        if fresh and issubclass(self._iterable_class, models.query.ModelIterable):
            share_keys(row for row in self._result_cache if isinstance(row, models.Model))

    def iterator(self, chunk_size: int | None = None) -> Iterator:
        """Iterate in chunks that each share one query for their keys."""
        chunk: list = []
        for row in super().iterator(chunk_size=chunk_size or 1000):
            chunk.append(row)
            if len(chunk) == 200:
                yield from self._shared(chunk)
                chunk = []
        yield from self._shared(chunk)

    def _shared(self, chunk: list) -> list:
        share_keys(row for row in chunk if isinstance(row, models.Model))
        return chunk


class SealedModel(models.Model):
    """Base of every model with sealed fields: ``key_id`` names the key that seals this row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key_id = models.UUIDField(editable=False, db_index=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    @property
    def sealing_keys(self) -> KeyBunch:
        """The keys of the rows fetched with this one."""
        keys = getattr(self._state, "keys", None)
        if keys is None:
            keys = self._state.keys = KeyBunch([self.key_id])  # type: ignore[attr-defined]
        return keys

    @classmethod
    def from_db(cls, db, field_names, values):
        row = super().from_db(db, field_names, values)
        row._state.sealed_as = (row.__dict__.get("id"), row.__dict__.get("key_id"))  # type: ignore[attr-defined]
        return row
