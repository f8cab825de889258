"""Rows that hold sealed fields: their identity, and the keys of everything fetched with them."""

import os
import time
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy import vault
from privacy.encryption.errors import KeyLost, SealedMisuse, SealError
from privacy.encryption.queries import SealedQuery
from privacy.encryption.sealing import Unchanged

UNREADABLE = _("can't be read: its key is lost")


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
        self._lost: set[UUID] = set()

    def __getitem__(self, key_id: UUID) -> bytes | None:
        if key_id in self._lost:
            raise KeyLost([key_id])
        if key_id not in self._keys:
            self._ids.add(key_id)
            try:
                self._keys.update(vault.open_keys(self._ids - self._keys.keys() - self._lost))
            except KeyLost as error:  # one lost key of a page takes only its own rows with it
                self._lost |= error.ids
                return self[key_id]
            except SealError:
                self._keys.update(vault.open_keys([key_id]))
        return self._keys[key_id]

    def __reduce__(self):
        return (KeyBunch, (self._ids,))  # a pickle or a copy never carries an opened key


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


def share_keys(rows: Iterable[models.Model], *, lost: str | Promise | None = None) -> None:
    """Let all sealed rows of a page open their keys together: one query instead of one a row.

    ``lost`` is what a value reads as whose key is lost, in rows that are only shown, so that one of them
    doesn't take its page with it. Everywhere else reading it raises :class:`KeyLost`.
    """
    rows = list(rows)
    sealed = [row for top in rows for row in sealed_rows(top)]
    # Asked of the row itself: the person of a request is a lazy object, whose own __dict__ is another one's.
    bunch = KeyBunch(row.key_id for row in sealed if "key_id" not in row.get_deferred_fields())
    for row in sealed:
        row._state.keys = bunch  # type: ignore[attr-defined]
    if lost is not None:
        read_lost_as(lost, rows)


def read_lost_as(text: str | Promise, rows: Iterable[models.Model]) -> None:
    """Let a value whose key is lost read as ``text`` in rows that are only shown; it is never stored back."""
    for row in (row for top in rows for row in sealed_rows(top)):
        row._state.lost = text  # type: ignore[attr-defined]


def names_of_sealed(model: type[models.Model]) -> frozenset[str]:
    """Return the names of the fields that are sealed."""
    return frozenset(f.name for f in model._meta.concrete_fields if hasattr(f, "place_of"))


class SealedQuerySet(models.QuerySet):
    """A queryset whose rows share one query for their keys."""

    stays_sealed = False
    reads_lost_as: str | Promise | None = None

    def __init__(self, model=None, query=None, using=None, hints=None) -> None:
        super().__init__(model, query or SealedQuery(model), using, hints)

    def _clone(self):
        clone = super()._clone()  # type: ignore[misc]
        clone.stays_sealed = self.stays_sealed
        clone.reads_lost_as = self.reads_lost_as
        return clone

    def to_show(self):
        """Return the rows as a page shows them: what can't be read says so, instead of raising."""
        shown = self._chain()  # type: ignore[attr-defined]
        shown.reads_lost_as = UNREADABLE
        return shown

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()
        if fresh and issubclass(self._iterable_class, models.query.ModelIterable):
            rows = [row for row in self._result_cache or () if isinstance(row, models.Model)]
            share_keys(rows, lost=self.reads_lost_as)
            for row in rows if self.stays_sealed else ():
                row._state.stays_sealed = True  # type: ignore[attr-defined]

    def only(self, *fields: str):
        return super().only("key_id", *fields)  # without it each row would fetch its own

    def bulk_create(
        self, objs, batch_size=None, ignore_conflicts=False, update_conflicts=False, *args, **kwargs
    ):
        """Seal and store rows with one query for their keys."""
        if update_conflicts:
            raise SealedMisuse(
                f"{self.model._meta.label}: a value is sealed for one row and can't replace another's."
            )
        objs = list(objs)
        share_keys(objs)
        return super().bulk_create(objs, batch_size, ignore_conflicts)

    def update(self, **values) -> int:
        if "key_id" in values:
            raise SealedMisuse(
                f"{self.model._meta.label}: rows can't change their key; seal their text again."
            )
        for value in values.values():
            if hasattr(value, "resolve_expression"):  # of a field that is sealed it would copy the ciphertext
                value.resolve_expression(self.query.chain(), allow_joins=False, for_save=True)
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

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
        share_keys((row for row in chunk if isinstance(row, models.Model)), lost=self.reads_lost_as)
        return chunk


class SealedModel(models.Model):
    """Base of every model with sealed fields: ``key_id`` names the key that seals this row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key_id = models.UUIDField(editable=False, db_index=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, **kwargs) -> None:
        """Save the row; a blind index is always stored together with what it indexes."""
        wanted = kwargs.get("update_fields")
        if wanted is not None:
            indexes = {f.name for f in self._meta.concrete_fields if getattr(f, "of", None) in wanted}
            kwargs["update_fields"] = {*wanted, *indexes}
        super().save(**kwargs)

    @property
    def sealing_keys(self) -> KeyBunch:
        """The keys of the rows fetched with this one."""
        keys = getattr(self._state, "keys", None)
        if keys is None:
            keys = self._state.keys = KeyBunch([self.key_id])  # type: ignore[attr-defined]
        return keys

    @classmethod
    def from_db(cls, db, field_names, values, **kwargs):
        row = super().from_db(db, field_names, values, **kwargs)
        row._state.sealed_as = (row.__dict__.get("id"), row.__dict__.get("key_id"))  # type: ignore[attr-defined]
        return row

    def _do_update(self, base_qs, using, pk_val, values, *rest):
        """Leave alone what nobody changed: a damaged value must not be written back over a repaired one."""
        changed = [each for each in values if not isinstance(each[2], Unchanged)]
        return super()._do_update(base_qs, using, pk_val, changed, *rest)

    def refresh_from_db(self, using=None, fields=None, from_queryset=None):
        """Read the row again; sealed values stay sealed until somebody asks for them."""
        rows = type(self)._base_manager.db_manager(using) if from_queryset is None else from_queryset
        rows = rows.all()
        # Django copies value by value, which would open each of them.
        rows.stays_sealed = True  # type: ignore[union-attr]
        super().refresh_from_db(using, fields, rows)
        if fields is None or names_of_sealed(type(self)) & set(fields):
            self._state.sealed_as = (self.pk, self.key_id)  # type: ignore[attr-defined]
        if fields is None:
            self._state.keys = None  # type: ignore[attr-defined]

    def __getstate__(self):
        """Refuse to be pickled or copied with text in the clear: pass the id on instead."""
        for name in names_of_sealed(type(self)):
            if isinstance(self.__dict__.get(name), str) and self.__dict__[name]:
                raise SealedMisuse(
                    f"{self._meta.label}.{name} was typed, not read; pass the row's id on instead."
                )
        return super().__getstate__()
