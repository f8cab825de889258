"""Bring a restored vault up to the ledger's mirror: what was erased since stays erased."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction

from privacy import ledger, vault
from privacy.ledger import mirror
from privacy.ledger.canonical import link_of
from privacy.ledger.signing import is_signed, signing_key
from privacy.ledger.witnesses import BURYING
from privacy.models import Erasure, LedgerEntry
from privacy.routers import VAULT

BATCH = 500


class OtherLedger(Exception):
    """The mirror isn't the continuation of the vault's ledger, signed with its key."""


def bring_vault_up() -> int:
    """Chain the entries that the mirror has after the vault's newest, and destroy the keys that they name.

    Returns how many entries were added. Safe to run again. A vault without a ledger is left alone: it has no
    key that could tell our entries from others. Raises :class:`OtherLedger`.
    """
    last = ledger.last_entry()
    if last is None:
        return 0
    key, added = signing_key().public_key(), 0
    missing = _entries_after(last.seq)
    while batch := list(islice(missing, BATCH)):
        for entry in batch:
            _check(entry, last, key)
            last = entry
        _take_over(batch)
        added += len(batch)
    return added


def _entries_after(seq: int) -> Iterator[LedgerEntry]:
    try:
        for line, _offset in mirror.lines():
            if line["seq"] > seq:
                yield _entry(line)
    except mirror.Unreadable as error:
        raise OtherLedger(f"{error} Restore the ledger first.") from None


def _entry(line: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        seq=line["seq"],
        uid=UUID(line["uid"]),
        at=datetime.fromisoformat(line["at"]).astimezone(UTC),
        account_id=line["account"],
        action=line["action"],
        params=line["params"],
        prev_hash=line["prev"],
        hash=line["hash"],
        signature=line["signature"],
    )


def _check(entry: LedgerEntry, last: LedgerEntry, key: Ed25519PublicKey) -> None:
    follows = (entry.seq, entry.prev_hash) == (last.seq + 1, last.hash)
    if not follows or entry.hash != link_of(entry) or not is_signed(entry.hash, entry.signature, key=key):
        raise OtherLedger(f"Entry {entry.seq} of the mirror doesn't continue the vault's ledger.")


def _take_over(entries: Iterable[LedgerEntry]) -> None:
    with transaction.atomic(using=VAULT):
        LedgerEntry.objects.bulk_create(entries)
        for entry in entries:
            if entry.action == "erasure.begun":
                # Without names of files: those of erased rows have no row any more, and are swept.
                Erasure.objects.create(account_id=entry.account_id, begun=entry)
            elif entry.action == "erasure.done":
                Erasure.objects.filter(begun_id=entry.params["begun"]).update(done=entry, files=[])
            if entry.action in BURYING:
                vault.destroy_keys([UUID(key) for key in entry.params["keys"]], entry=entry)
    vault.forget_deleted_pages()
