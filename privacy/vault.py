"""Keys: made before the row that needs them, opened a page at a time, destroyed for good.

Everything here is committed in the vault at once; it never waits for a transaction of the
main database. A key whose row never came is swept by :func:`privacy.services.erasing.sweep.sweep_keys`.
"""

from collections.abc import Collection, Iterable, Iterator
from uuid import UUID, uuid4

from django.db import IntegrityError, connections, transaction

from privacy.encryption import keyring
from privacy.encryption.errors import KeyLost, KeyUnavailable
from privacy.encryption.sealing import new_data_key
from privacy.models import DataKey, LedgerEntry, Tombstone
from privacy.routers import VAULT

CHECKPOINT_PATIENCE = 500  # milliseconds


def create_key(*, kind: str, account_id: int | None) -> UUID:
    """Make a key and return its id."""
    return create_keys(kind=kind, account_id=account_id, count=1)[0]


def create_keys(*, kind: str, account_id: int | None, count: int) -> list[UUID]:
    """Make ``count`` keys of one kind in one query and return their ids."""
    ring_key = keyring.newest()
    ids = [uuid4() for _ in range(count)]
    DataKey.objects.bulk_create(
        DataKey(
            id=key_id,
            kind=kind,
            account_id=account_id,
            wrapped=keyring.wrap(key_id, new_data_key()),
            ring_key=ring_key,
        )
        for key_id in ids
    )
    return ids


def standing_key(*, kind: str, account_id: int | None) -> UUID:
    """Return the id of the one key of this kind of an account (or of the deployment), made on first use."""
    found = _standing(kind, account_id)
    if found:
        return found
    try:
        with transaction.atomic(using=VAULT):
            return create_key(kind=kind, account_id=account_id)
    except IntegrityError:  # another process was first
        return DataKey.objects.values_list("pk", flat=True).get(kind=kind, account_id=account_id)


def _standing(kind: str, account_id: int | None) -> UUID | None:
    # The kinds stand in the statement as in the index: SQLite uses a partial index only then, and would read
    # all keys of the account instead.
    connection, field = connections[VAULT], DataKey._meta.pk
    kinds = ", ".join(f"'{kind}'" for kind in DataKey.STANDING)
    owner, values = ("IS NULL", [kind]) if account_id is None else ("= %s", [kind, account_id])
    statement = f"SELECT id FROM privacy_datakey WHERE kind IN ({kinds}) AND kind = %s AND account_id {owner}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return field.to_python(row[0]) if row else None


def open_keys(ids: Collection[UUID]) -> dict[UUID, bytes | None]:
    """Return the keys by id in one query; a key that was destroyed on purpose is ``None``.

    Raises :class:`KeyLost` for a key that is missing without a tombstone: that is an incident, not an
    erasure.
    """
    keys: dict[UUID, bytes | None] = {pk: keyring.unwrap(pk, wrapped) for pk, wrapped in _wrapped(ids)}
    missing = set(ids) - keys.keys()
    if missing:
        lost = _without_tombstone(missing)
        if lost:
            raise KeyLost(lost)
        keys.update(dict.fromkeys(missing))
    return keys


def lost_among(ids: Collection[UUID]) -> set[UUID]:
    """Return which of these keys the vault has neither as a key nor as a tombstone."""
    kept = DataKey.objects.filter(pk__in=ids).values_list("pk", flat=True)
    return _without_tombstone(set(ids).difference(kept))


def _without_tombstone(ids: set[UUID]) -> set[UUID]:
    return ids.difference(Tombstone.objects.filter(key_id__in=ids).values_list("key_id", flat=True))


def _wrapped(ids: Collection[UUID]) -> Iterator[tuple[UUID, str]]:
    if not ids:
        return
    # In SQL: every page and message asks this, and building the query took three times as long as its answer.
    connection, field = connections[VAULT], DataKey._meta.pk
    holes = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        statement = f"SELECT id, wrapped FROM privacy_datakey WHERE id IN ({holes})"  # noqa: S608
        cursor.execute(statement, [field.get_db_prep_value(pk, connection) for pk in ids])
        yield from ((field.to_python(pk), wrapped) for pk, wrapped in cursor.fetchall())


def open_key(key_id: UUID) -> bytes:
    """Return one key; raises :class:`KeyUnavailable` also where it was destroyed."""
    key = open_keys([key_id])[key_id]
    if key is None:
        raise KeyUnavailable(f"Data key {key_id} was destroyed.")
    return key


def destroy_keys(ids: Iterable[UUID], *, entry: LedgerEntry) -> int:
    """Destroy keys for good and leave a tombstone for each; may run twice.

    ``entry`` is the entry of the ledger that names them. Returns how many keys still existed.
    """
    ids = list(ids)
    with transaction.atomic(using=VAULT):
        Tombstone.objects.bulk_create(
            (Tombstone(key_id=key_id, account_id=entry.account_id, entry_id=entry.pk) for key_id in ids),
            ignore_conflicts=True,
        )
        destroyed = DataKey.objects.filter(pk__in=ids).delete()[0]
    forget_deleted_pages()
    return destroyed


def forget_deleted_pages() -> None:
    """Take what was deleted out of SQLite's journal; PostgreSQL's turn comes with the hourly sweep.

    Where somebody reads the vault at this moment nothing happens, and the next purge tries again.
    """
    connection = connections[VAULT]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        patience = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
        with connection.cursor() as cursor:
            # A long reader, such as a verifier, must not hold up an erasure that is promised at once.
            cursor.execute(f"PRAGMA busy_timeout={CHECKPOINT_PATIENCE}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.fetchall()
            cursor.execute(f"PRAGMA busy_timeout={patience}")
