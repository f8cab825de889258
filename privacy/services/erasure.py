"""The one protocol by which anything is erased, across the two databases and the files.

The ledger says *begun*, the rows go in one transaction of the main database, the keys are destroyed,
the files are deleted, an independent query looks for survivors, the ledger says *done*. Each step may
run twice; a crash leaves *begun*, and the next pass finishes it.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import PersonalData, root_of, roots, unit_of
from privacy.encryption.files import delete_file
from privacy.encryption.rows import SealedModel
from privacy.ledger.chain import remember_head
from privacy.models import Erasure
from privacy.routers import VAULT
from privacy.services.survivors import count_survivors

log = logging.getLogger(__name__)

BATCH = 500
IN_PROGRESS = timedelta(seconds=10)  # younger erasures are probably being finished by whoever began them


class ErasureIncomplete(Exception):
    """Something survived; the erasure stays *begun* and is tried again."""


def erase_units(root: type[Model], ids: Collection, *, account_id: int | None, reason: str) -> int:
    """Erase units of one account with everything that belongs to them, and people with nothing left.

    ``reason`` is a code for the ledger. Returns how many units were erased; units that are gone already
    count nothing. Must be called outside a transaction. Raises :class:`ErasureIncomplete`.
    """
    erased = 0
    ids = list(ids)
    for start in range(0, len(ids), BATCH):
        erased += _erase_batch(root_of(root), ids[start : start + BATCH], account_id, reason)
    return erased


def erase_person(person: Model, *, reason: str) -> int:
    """Erase everything about one person, and the person (Article 17); returns how many units."""
    model, account_id = type(person), getattr(person, "account_id", None)
    erased = 0
    for root in roots():
        if root.person_model is model and root.model is not model:
            ids = root.rows().filter(**{root.person: person.pk}).values_list("pk", flat=True)
            erased += erase_units(root.model, list(ids), account_id=account_id, reason=reason)
    return erased + erase_units(model, [person.pk], account_id=account_id, reason=reason)


def finish_open_erasures(*, older_than: timedelta = IN_PROGRESS) -> int:
    """Finish what a crash left *begun*; returns how many were finished."""
    finished = 0
    limit = timezone.now() - older_than
    for erasure in Erasure.objects.filter(done=None, begun__at__lte=limit).select_related("begun"):
        try:
            repeat(erasure)
            finished += 1
        except Exception:
            log.exception("Erasure %s could not be finished.", erasure.pk)
    return finished


def repeat(erasure: Erasure) -> int:
    """Run an erasure again from its record, wherever it stopped; returns how many rows were still there."""
    params = erasure.begun.params
    keys = [UUID(key) for key in params["keys"]]
    root = root_of(apps.get_model(params["unit"]))
    with transaction.atomic(durable=True):
        ids = units_sealed_with(root, keys)
        files = _files_of(root, ids)
        if set(files) - set(erasure.files):
            erasure.files = sorted({*erasure.files, *files})
            erasure.save(update_fields=["files"])
        rows = sum(_erase_rows(root, ids))
        remember_head(erasure.begun)
    _finish(erasure, keys)
    return rows


def _erase_batch(root: PersonalData, ids: list, account_id: int | None, reason: str) -> int:
    with transaction.atomic(durable=True):
        rows = root.rows().filter(pk__in=ids).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        found = list(rows.values_list("pk", root.person))
        if not found:
            return 0
        ids = [pk for pk, _ in found]
        keys, files = _keys_of(root, ids), _files_of(root, ids)
        erasure = _begin(root, keys, files, len(ids), account_id, reason)
        deleted = sum(_erase_rows(root, ids))
        remember_head(erasure.begun)
    _finish(erasure, keys, deleted)
    if root.person != "pk":
        _erase_bare_people(root, {person for _, person in found}, account_id)
    return len(ids)


def _begin(root: PersonalData, keys, files, units: int, account_id: int | None, reason: str) -> Erasure:
    with transaction.atomic(using=VAULT):
        begun = ledger.append(
            "erasure.begun",
            account_id=account_id,
            unit=root.model._meta.label_lower,
            reason=reason,
            units=units,
            files=len(files),
            keys=sorted(key.hex for key in keys),
        )
        return Erasure.objects.create(account_id=account_id, begun=begun, files=files)


def _erase_rows(root: PersonalData, ids: list) -> Iterable[int]:
    return [declared.erase(declared.rows_of_units(ids)) for declared in unit_of(root.model)] if ids else []


def _finish(erasure: Erasure, keys: Iterable[UUID], rows: int = 0) -> None:
    keys = list(keys)
    vault.destroy_keys(keys, entry=erasure.begun)
    for name in erasure.files:
        delete_file(name)
    left = count_survivors(keys, erasure.files)
    if left:
        ledger.append("erasure.survivors", account_id=erasure.account_id, erasure=erasure.pk, **left)
        raise ErasureIncomplete(f"Erasure {erasure.pk}: {left}")
    if erasure.done_id is None:
        with transaction.atomic(using=VAULT):
            erasure.done = ledger.append(
                "erasure.done", account_id=erasure.account_id, begun=erasure.begun_id, rows=rows, survivors=0
            )
            erasure.files = []
            erasure.save(update_fields=["done", "files"])
    with transaction.atomic():
        remember_head(erasure.done)


def _keys_of(root: PersonalData, ids: list) -> set[UUID]:
    return {
        key
        for declared in unit_of(root.model)
        if declared.is_root or declared.owns_key
        for key in declared.rows_of_units(ids).values_list("key_id", flat=True)
    }


def _files_of(root: PersonalData, ids: list) -> list[str]:
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


def _erase_bare_people(root: PersonalData, people: Collection, account_id: int | None) -> None:
    person = root_of(root.person_model)
    if not person.erase_when_bare:
        return
    left = set(people)
    for other in roots():
        if other.person_model is person.model and other is not person:
            busy = other.rows().filter(**{f"{other.person}__in": left}).values_list(other.person, flat=True)
            left.difference_update(busy)
    erase_units(person.model, left, account_id=account_id, reason="nothing_left")
