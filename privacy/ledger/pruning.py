"""The ledger's own term: entries that are older are cut off its front, and the chain says where it begins."""

from datetime import datetime

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from privacy.ledger import mirror
from privacy.ledger.anchors import PRUNED, Anchor, newest_anchor, pruning_entry
from privacy.ledger.chain import append, lock_writers
from privacy.ledger.signing import is_ours
from privacy.ledger.verifying import verify_up_to
from privacy.models import Erasure, LedgerEntry, LedgerHead, Tombstone
from privacy.routers import VAULT

BATCH = 500


class NotWhole(Exception):
    """The part that is to be cut isn't whole: it stays, for those who want to know what happened to it."""


def prune_ledger() -> int:
    """Cut off the entries that are older than the ledger's term, and return how many went from the database.

    The cut is an entry first. Whatever a crash leaves of the rest, in the database and in the mirror, is
    finished by the next run. Raises :class:`NotWhole`, with nothing cut.
    """
    before = timezone.now() - relativedelta(years=settings.LETHE_LEDGER_YEARS)
    last = _last_to_go(before)
    if last:
        found = verify_up_to(last.seq)
        if not found.ok:
            raise NotWhole(f"Entry {found.broken_seq}: {found.problem}")
        _say(Anchor(last.seq, last.hash, before))
    anchor = newest_anchor()
    if not anchor.seq or not is_ours(pruning_entry()):
        return 0
    gone = _delete_up_to(anchor)
    mirror.cut(anchor.seq)
    return gone


def _last_to_go(before: datetime) -> LedgerEntry | None:
    """Return the last entry to cut: older than the term, known to the main database, amid no erasure."""
    anchor = newest_anchor()
    entries = LedgerEntry.objects.filter(seq__gt=anchor.seq)
    first_to_stay = entries.filter(at__gte=before).order_by("seq").values_list("seq", flat=True).first()
    known = LedgerHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
    last = known if first_to_stay is None else min(known, first_to_stay - 1)
    # Erasures that name the same keys overlap: cut apart, one would lose the tombstones of the other.
    while begun := _amid_an_erasure(last):
        last = begun - 1
    return entries.filter(seq=last).first()


def _amid_an_erasure(seq: int) -> int | None:
    """Return the first entry of an erasure that began up to here and isn't done by then, or ``None``."""
    running = Erasure.objects.filter(Q(done=None) | Q(done_id__gt=seq), begun_id__lte=seq)
    return running.order_by("begun_id").values_list("begun_id", flat=True).first()


def _say(anchor: Anchor) -> None:
    with transaction.atomic(using=VAULT):
        lock_writers()
        if newest_anchor().seq < anchor.seq:  # else another process was first
            append(PRUNED, **anchor._asdict())


def _delete_up_to(anchor: Anchor) -> int:
    """Delete entries with their erasures and tombstones, in short transactions, oldest first."""
    gone = 0
    old = LedgerEntry.objects.filter(seq__lte=anchor.seq).order_by("seq")
    while batch := list(old.values_list("seq", flat=True)[:BATCH]):
        with transaction.atomic(using=VAULT):
            Tombstone.objects.filter(entry_id__lte=batch[-1]).delete()
            Erasure.objects.filter(begun_id__lte=batch[-1]).exclude(done=None).delete()
            LedgerEntry.objects.filter(seq__lte=batch[-1]).delete()
        gone += len(batch)
    return gone
