"""The steps of an erasure, each of which may run twice.

The ledger says *begun*, the rows go in one transaction of the main database, the keys are destroyed,
the files are deleted, an independent query looks for survivors, the ledger says *done*.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from privacy import ledger, vault
from privacy.declarations import PersonalData, every_row, unit_of
from privacy.encryption.files import delete_file
from privacy.encryption.rows import SealedModel
from privacy.ledger.chain import remember_head
from privacy.models import Erasure, LedgerEntry, Tombstone
from privacy.routers import VAULT
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.skeletons import keep_skeletons
from privacy.services.erasing.survivors import count_survivors


class ErasureIncomplete(Exception):
    """Something survived; the erasure stays *begun* and is tried again."""


class Begun(NamedTuple):
    """An erasure whose rows go with the transaction of the main database, and what has to follow.

    ``units`` is ``None`` where the rows were gone before, so that only the keys tell whose work it was.
    """

    erasure: Erasure
    keys: Collection[UUID]
    rows: int
    units: int | None


def erase_now(unit: PersonalData, ids: list, reason: Reason) -> Begun:
    """Erase the rows of locked units in the caller's transaction; the ledger knows of it before."""
    keys, files = keys_of(unit, ids), files_of(unit, ids)
    erasure = begin(unit, keys, files, ids, reason)
    if reason.skeleton:
        keep_skeletons(unit, ids, account_id=reason.account_id)
    return Begun(erasure, keys, sum(erase_rows(unit, ids)), len(ids))


def begin(unit: PersonalData, keys: Iterable[UUID], files: list, ids: list, reason: Reason) -> Erasure:
    with transaction.atomic(using=VAULT):
        begun = ledger.append(
            "erasure.begun",
            account_id=reason.account_id,
            unit=unit.model._meta.label_lower,
            reason=reason.code,
            units=len(ids),
            marks=sorted(map(ledger.mark, ids)),
            files=len(files),
            keys=sorted(key.hex for key in keys),
            **({"skeleton": True} if reason.skeleton else {}),
            **({"despite_holds": True} if reason.despite_holds else {}),
            **reason.rule,
        )
        return Erasure.objects.create(account_id=reason.account_id, begun=begun, files=files)


def erase_rows(root: PersonalData, ids: list) -> Iterable[int]:
    return [declared.erase(declared.rows_of_units(ids)) for declared in unit_of(root.model)] if ids else []


def finish_each(begun: Iterable[Begun]) -> None:
    """Finish erasures whose rows are gone, also where one of them can't be; raises the first error."""
    errors = []
    for each in begun:
        try:
            finish(*each)
        except Exception as error:  # noqa: BLE001 (raised below)
            errors.append(error)
    if errors:
        raise errors[0]


def finish(erasure: Erasure, keys: Iterable[UUID], rows: int = 0, units: int | None = None) -> None:
    keys = list(keys)
    vault.destroy_keys(keys, entry=erasure.begun)
    for name in erasure.files:
        delete_file(name)
    left = count_survivors(keys, erasure.files)
    if left:
        _report_survivors(erasure, left)
        raise ErasureIncomplete(f"Erasure {erasure.pk}: {left}")
    with transaction.atomic(using=VAULT):
        now = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure.pk)
        erasure.done = now.done or _append_done(erasure, rows, _units_gone(erasure, units))
        erasure.files = []
        erasure.save(update_fields=["done", "files"])
    with transaction.atomic():
        remember_head(erasure.done)


def _units_gone(erasure: Erasure, units: int | None) -> int:
    """Return how many units went with this erasure: not those of a failed batch that another one took."""
    said = erasure.begun.params
    if units is not None or not said["keys"]:
        return said["units"] if units is None else units
    return min(said["units"], Tombstone.objects.filter(entry=erasure.begun_id).count())


def _append_done(erasure: Erasure, rows: int, units: int) -> LedgerEntry:
    run = erasure.begun.params.get("run", "")
    return ledger.append(
        "erasure.done",
        account_id=erasure.account_id,
        begun=erasure.begun_id,
        units=units,
        rows=rows,
        survivors=0,
        **({"run": run} if run else {}),
    )


def _report_survivors(erasure: Erasure, left: dict[str, int]) -> None:
    """Say once in the ledger that something survived, however often it is tried again."""
    said = LedgerEntry.objects.filter(seq__gt=erasure.begun_id, action="erasure.survivors")
    if not said.filter(params__erasure=erasure.pk.hex).exists():
        ledger.append("erasure.survivors", account_id=erasure.account_id, erasure=erasure.pk, **left)


def keys_of(unit: PersonalData, ids: list) -> set[UUID]:
    """Return the keys of the units; those that a part shares with what stays are not among them."""
    keys = {
        key
        for declared in unit_of(unit.model)
        if declared.is_root or declared.owns_key
        for key in declared.rows_of_units(ids).values_list("key_id", flat=True)
    }
    for model, way in unit.ways_up()[1:] if unit.separable else ():
        above = every_row(model).filter(pk__in=unit.rows().filter(pk__in=ids).values(way))
        keys -= set(above.values_list("key_id", flat=True))
    return keys


def files_of(root: PersonalData, ids: list) -> list[str]:
    return [
        name
        for declared in unit_of(root.model)
        for field in declared.files
        for name in declared.rows_of_units(ids).values_list(field, flat=True)
        if name
    ]


def units_sealed_with(root: PersonalData, keys: list[UUID]) -> list:
    """Return the ids of the units of which any row is sealed with one of these keys."""
    found: set = set()
    for declared in unit_of(root.model):
        if issubclass(declared.model, SealedModel):
            found.update(declared.rows().filter(key_id__in=keys).values_list(declared.path, flat=True))
    return list(found)
