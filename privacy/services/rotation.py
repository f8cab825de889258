"""Rotation of the key ring: data keys move under its newest key, and the rows they seal stay as they are."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from privacy import ledger, vault
from privacy.encryption import keyring
from privacy.encryption.errors import SealError
from privacy.models import DataKey
from privacy.routers import VAULT

BATCH = 500


@dataclass
class Rotation:
    """What a pass did. ``needed`` and ``not_needed`` name older keys of the ring by their fingerprint."""

    rewrapped: int = 0
    failed: int = 0
    newest: str = ""
    needed: dict[str, int] = field(default_factory=dict)
    not_needed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def rotate_keys(*, batch: int = BATCH) -> Rotation:
    """Wrap every data key under the newest key of the ring and return what was done.

    Each batch is committed by itself, so an interrupted pass goes on where it stopped. A key that no key of
    the ring opens is counted as failed and left as it is.
    """
    rotation = Rotation(newest=keyring.newest())
    after: UUID | None = None
    while (page := _page(after, batch, rotation)) is not None:
        after = page
    vault.forget_deleted_pages()
    needed = wrapped_by()
    del needed[rotation.newest]
    rotation.needed = dict(needed)
    older = [keyring.fingerprint(key) for key in keyring.ring()[1:]]
    rotation.not_needed = [name for name in older if name not in needed]
    ledger.append(
        "keys.rotated", ring_key=rotation.newest, rewrapped=rotation.rewrapped, failed=rotation.failed
    )
    return rotation


def wrapped_by() -> Counter[str]:
    """Return how many data keys each key of the ring wraps, by its fingerprint."""
    counted = DataKey.objects.values_list("ring_key").annotate(Count("pk")).order_by("ring_key")
    return Counter(dict(counted))


def ring_problem() -> str:
    """Return in one line what the ring lacks to open every data key; empty where it lacks nothing."""
    held = {keyring.fingerprint(key) for key in keyring.ring()}
    lacking = {name: count for name, count in wrapped_by().items() if name not in held}
    if not lacking:
        return ""
    named = ", ".join(f"{name} ({count})" for name, count in sorted(lacking.items()))
    return (
        f"The key ring lacks {len(lacking)} key(s) that {sum(lacking.values())} data keys in the vault need:"
        f" {named}. Put them back behind the newest one, or restore the vault that belongs to this ring."
    )


def _page(after: UUID | None, batch: int, rotation: Rotation) -> UUID | None:
    """Wrap one batch and return the id of its last key; ``None`` where nothing is left."""
    with transaction.atomic(using=VAULT):
        rows = DataKey.objects.select_for_update().exclude(ring_key=rotation.newest).order_by("pk")
        page = list(rows.filter(pk__gt=after)[:batch] if after else rows[:batch])
        opened = [row for row in page if _wrap_again(row, rotation.newest)]
        DataKey.objects.bulk_update(opened, ["wrapped", "ring_key"])
    rotation.rewrapped += len(opened)
    rotation.failed += len(page) - len(opened)
    return page[-1].pk if page else None


def _wrap_again(row: DataKey, newest: str) -> bool:
    try:
        row.wrapped = keyring.wrap(row.pk, keyring.unwrap(row.pk, row.wrapped))
    except SealError:
        return False
    row.ring_key = newest
    return True
