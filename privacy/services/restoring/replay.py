"""Bring a restored main database up to the ledger before anybody is served from it."""

from enum import StrEnum
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from privacy import ledger
from privacy.declarations import root_of
from privacy.ledger.anchors import is_entry, newest_anchor
from privacy.ledger.chain import catch_up_with, last_entry, remember_head, remembered_seq
from privacy.ledger.decisions import forgotten_decisions, lost, rebuild
from privacy.ledger.signing import signing_key
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerHead
from privacy.services.erasing.steps import units_sealed_with
from privacy.services.erasing.survivors import tables_with_keys
from privacy.services.erasing.unfinished import repeat
from privacy.services.restoring.forgotten import keep_findings, refuse_planted, split_by_account


class Gate(StrEnum):
    """Whether the databases fit together."""

    OPEN = "open"
    STALE_MAIN = "stale_main"
    UNAWARE_MAIN = "unaware_main"
    STALE_VAULT = "stale_vault"
    LOST_VAULT = "lost_vault"
    TOO_OLD_MAIN = "too_old_main"


ADVICE = {
    Gate.OPEN: "The databases fit together.",
    Gate.STALE_MAIN: "The main database comes from a backup that still holds what was erased since:"
    " run `python manage.py replay_erasures`.",
    Gate.UNAWARE_MAIN: "The main database comes from a backup that doesn't know what was decided since, such"
    " as holds and rules: run `python manage.py replay_erasures`.",
    Gate.STALE_VAULT: "The vault is older than the main database: restore the newest vault.",
    Gate.LOST_VAULT: "The vault is empty, but the main database holds what its keys sealed:"
    " restore the newest vault.",
    Gate.TOO_OLD_MAIN: "The main database is older than the first entry that the ledger still has, and what"
    " was erased since is not known any more: restore a newer backup of it.",
}


def gate_state() -> Gate:
    """Tell whether traffic may be served.

    The main database has to know every erasure and every decision of the ledger, and the ledger every entry
    that the main database knows.
    """
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead()
    newest = last_entry()
    if newest is None and _is_lost(head):
        return Gate.LOST_VAULT
    if 0 < head.seq < newest_anchor().seq:
        return Gate.TOO_OLD_MAIN
    if head.seq and not is_entry(head.seq, head.hash):
        return Gate.STALE_VAULT
    if newest is None or newest.seq == head.seq:
        return Gate.OPEN
    return _main_state(head.seq)


def replay_erasures() -> int:
    """Erase again what a restored main database brought back; returns how many rows were erased.

    What was decided since is made up for, and what somebody has to look at is kept as
    :class:`privacy.models.ForgottenDecision`. Both, and that the database knows it now, in one transaction at
    the end: until then the gate stays closed. Raises
    :class:`privacy.services.restoring.forgotten.NotOurs`, with nothing changed, and
    :class:`privacy.services.erasing.steps.ErasureIncomplete`.
    """
    signing_key()  # raises before anything is begun that the ledger could not take
    since = remembered_seq()
    forgotten, others = split_by_account(refuse_planted(forgotten_decisions(since)))
    with transaction.atomic():
        found = list(rebuild(forgotten, before_erasures=True))
    rows = sum(repeat(erasure, is_replay=True) for erasure in _missed(since))
    newest = ledger.append("erasures.replayed", since=since, rows=rows, decisions=len(forgotten + others))
    with transaction.atomic():
        found += rebuild(forgotten)
        keep_findings(found)
        keep_findings(lost(others), of_accounts=False)
        catch_up_with(newest)
    return rows


def accept_loss() -> LedgerEntry:
    """Go on with a vault and ledger that lack what the main database has seen, and say so in the ledger.

    For when no newer copy exists anywhere: entries are lost for good, and whoever kept a published head of
    them will see it. Returns the entry that says so.
    """
    head = LedgerHead.objects.get(pk=1)
    newest = ledger.append("evidence.lost", remembered=head.seq, hash=head.hash)
    with transaction.atomic():
        LedgerHead.objects.filter(pk=1).update(seq=newest.seq, hash=newest.hash)
    return newest


def _main_state(known: int) -> Gate:
    """Tell whether the main database lacks what the ledger knows behind an entry."""
    missed = list(_missed(known))
    if any(_still_there(erasure) for erasure in missed):
        return Gate.STALE_MAIN
    if forgotten_decisions(known):
        return Gate.UNAWARE_MAIN
    if missed:
        with transaction.atomic():
            for erasure in missed:  # one by one: the memory never jumps over an erasure
                remember_head(erasure.done)
    return Gate.OPEN


def _is_lost(head: LedgerHead) -> bool:
    """Tell whether the main database has known a vault that held more than this one does: nothing."""
    # Standing keys are made for whoever asks, so they don't count.
    kept = DataKey.objects.exclude(kind__in=DataKey.STANDING).exists()
    return not kept and (bool(head.seq) or _something_is_sealed())


def _something_is_sealed() -> bool:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in tables_with_keys():
            cursor.execute(f"SELECT 1 FROM {quote(table)} LIMIT 1")  # noqa: S608 (catalogue names)
            if cursor.fetchone():
                return True
    return False


def _missed(seq: int):
    return Erasure.objects.filter(done__seq__gt=seq).select_related("begun", "done").order_by("done")


def _still_there(erasure: Erasure) -> bool:
    params = erasure.begun.params
    return bool(units_sealed_with(root_of(apps.get_model(params["unit"])), [UUID(k) for k in params["keys"]]))
