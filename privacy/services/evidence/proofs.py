"""Prove that something was erased: what the ledger says, held against both databases as they are now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from privacy.ledger.anchors import is_entry
from privacy.ledger.canonical import link_of
from privacy.ledger.signing import is_signed, signing_key
from privacy.models import LedgerEntry, Tombstone
from privacy.services.erasing.survivors import count_survivors
from privacy.services.evidence.erased import NothingErased, erasure_of
from privacy.services.evidence.receipts import BEGUN, PAGE, RUN, NoCertificate, erasure_with, erasures_of

CHECKED = 200  # erasures of a run that are held against the databases while somebody waits


class Found(NamedTuple):
    """Keys that were destroyed, and what is still there of them; the last is a key without its tombstone."""

    keys: int = 0
    keys_left: int = 0
    rows_left: int = 0
    unburied: int = 0

    def __add__(self, other: "Found") -> "Found":  # type: ignore[override]
        return Found(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True)
class Proof:
    """What the ledger says about an erasure or a run, and what was checked a moment ago.

    ``done`` is ``None`` for a run and for an erasure that only began. ``erasures`` are those of the run,
    ``checked`` how many of them were held against the databases.
    """

    entry: LedgerEntry
    done: LedgerEntry | None
    erasures: int
    checked: int
    in_chain: bool
    found: Found

    @property
    def is_run(self) -> bool:
        return self.entry.action == RUN

    @property
    def is_done(self) -> bool:
        return self.is_run or self.done is not None

    @property
    def holds(self) -> bool:
        """Tell whether everything that was checked is as the ledger says."""
        return self.is_done and self.in_chain and not any(self.found[1:])


def prove(what: int | UUID, *, among: QuerySet[LedgerEntry]) -> Proof:
    """Return the proof for the number of a run or an erasure, or for the id of what was erased.

    ``among`` are the entries that the person may see. Raises :class:`NothingErased`.
    """
    if isinstance(what, UUID):
        return _proof_of_erasure(erasure_of(what, among=among).seq, among)
    run = among.filter(seq=what, action=RUN).first()
    return _proof_of_run(run) if run else _proof_of_erasure(what, among)


def _proof_of_erasure(number: int, among: QuerySet[LedgerEntry]) -> Proof:
    try:
        begun, done = erasure_with(number, among=among)
    except NoCertificate as error:
        raise NothingErased(f"Entry {number} erased nothing.") from error
    in_chain = stand_in_chain([begun, done] if done else [begun])
    return Proof(begun, done, 1, 1, in_chain, _held_against_databases([begun]))


def _proof_of_run(run: LedgerEntry) -> Proof:
    begun = erasures_of(run).filter(action=BEGUN)
    found, in_chain, checked = Found(), True, 0
    for start in range(0, CHECKED, PAGE):
        page = list(begun[start : start + PAGE])
        checked += len(page)
        in_chain = in_chain and stand_in_chain([run, *page])
        found += _held_against_databases(page)
        if len(page) < PAGE:
            break
    return Proof(run, None, begun.count(), checked, in_chain, found)


def _held_against_databases(begun: Iterable[LedgerEntry]) -> Found:
    found = Found()
    for entry in begun:
        keys = [UUID(key) for key in entry.params["keys"]]
        left = count_survivors(keys, ()) if keys else {}
        buried = Tombstone.objects.filter(key_id__in=keys).count()
        found += Found(len(keys), left.get("keys", 0), left.get("rows", 0), len(keys) - buried)
    return found


def stand_in_chain(entries: list[LedgerEntry]) -> bool:
    """Tell whether entries are unchanged, signed, and linked to those beside them.

    Where the ledger begins, or ends, there is nothing on that side.
    """
    beside = {entry.seq + step for entry in entries for step in (-1, 1)}
    near = {each.seq: each for each in LedgerEntry.objects.filter(seq__in=beside).defer("params")}
    key = signing_key().public_key()
    return all(
        entry.hash == link_of(entry)
        and is_signed(entry.hash, entry.signature, key=key)
        and _follows(entry, near.get(entry.seq - 1))
        and _leads(entry, near.get(entry.seq + 1))
        for entry in entries
    )


def _follows(entry: LedgerEntry, before: LedgerEntry | None) -> bool:
    if before is None:
        return is_entry(entry.seq - 1, entry.prev_hash)  # the anchor, where the ledger begins
    return entry.prev_hash == before.hash


def _leads(entry: LedgerEntry, after: LedgerEntry | None) -> bool:
    if after is not None:
        return after.prev_hash == entry.hash
    return not LedgerEntry.objects.filter(seq__gt=entry.seq).exists()
