"""Append to the chain: one writer at a time, committed in the vault before anybody goes on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connections, transaction
from django.utils import timezone

from privacy.ledger import mirror, signing
from privacy.ledger.canonical import GENESIS, checked, link
from privacy.ledger.decisions import forgotten_decisions
from privacy.models import Erasure, LedgerEntry, LedgerHead
from privacy.routers import VAULT

LOCK = 0x1E7E  # PostgreSQL's advisory lock of the ledger's writers


class Event(NamedTuple):
    """What an entry says."""

    action: str
    account_id: int | None
    params: dict[str, Any]
    uid: UUID
    at: datetime


def append(action: str, *, account_id: int | None = None, **params: Any) -> LedgerEntry:
    """Chain one entry at once and return it. ``params`` hold codes, numbers, times and ids only."""
    event = Event(action, account_id, checked(params), uuid4(), timezone.now())
    return append_events([event])[0]


def append_events(events: Iterable[Event]) -> list[LedgerEntry]:
    """Chain events in their order, skip those already chained, and return the new entries."""
    events = list(events)
    with transaction.atomic(using=VAULT):
        lock_writers()
        known = set(LedgerEntry.objects.filter(uid__in=[e.uid for e in events]).values_list("uid", flat=True))
        entries = _chained([event for event in events if event.uid not in known])
        LedgerEntry.objects.bulk_create(entries)
    transaction.on_commit(_write_mirror, using=VAULT, robust=True)
    return entries


def _chained(events: list[Event]) -> list[LedgerEntry]:
    last = last_entry()
    seq, prev = (last.seq, last.hash) if last else (0, GENESIS)
    key = signing.signing_key()
    entries = []
    for event in events:
        seq += 1
        head = link(
            seq=seq,
            uid=event.uid,
            at=event.at,
            account_id=event.account_id,
            action=event.action,
            params=event.params,
            prev=prev,
        )
        signature = key.sign(head.encode()).hex()
        entries.append(
            LedgerEntry(seq=seq, prev_hash=prev, hash=head, signature=signature, **event._asdict())
        )
        prev = head
    return entries


def mend_mirror() -> None:
    """Write what a crash between the commit and the mirror left out, and say so in the ledger.

    A mirror that is gone as a whole stays a finding until the next entry: nobody loses it by a crash.
    """
    last = last_entry()
    if last and mirror.falls_short_of(last.seq):
        mirror.catch_up()
        append("mirror.mended")


def _write_mirror() -> None:
    if mirror.catch_up():
        append("mirror.mended")


def last_entry() -> LedgerEntry | None:
    return LedgerEntry.objects.order_by("-seq").first()


def remembered_seq() -> int:
    """Return how far the main database knows the ledger; 0 for not at all."""
    return LedgerHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0


def remember_head(entry: LedgerEntry) -> None:
    """Let the main database know how far the ledger has come, in the caller's transaction.

    The memory never moves past an erasure or a decision that this database may have missed: a restored copy
    whose worker goes on writing would look as if it had caught up.
    """
    known = remembered_seq()
    if known >= entry.seq or Erasure.objects.filter(done__gt=known, done__lt=entry.seq).exists():
        return
    if not forgotten_decisions(known, up_to=entry.seq):
        catch_up_with(entry)


def catch_up_with(entry: LedgerEntry) -> None:
    """Move the memory up to an entry, in the transaction that made up for all that was missed before it."""
    moved = LedgerHead.objects.filter(pk=1, seq__lt=entry.seq).update(seq=entry.seq, hash=entry.hash)
    if not moved:
        LedgerHead.objects.get_or_create(pk=1, defaults={"seq": entry.seq, "hash": entry.hash})


def lock_writers() -> None:
    """Let nobody else chain an entry before the caller's transaction in the vault ends."""
    # SQLite's transactions are immediate: the write lock is already ours.
    if connections[VAULT].vendor == "postgresql":
        with connections[VAULT].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
