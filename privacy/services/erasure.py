"""The one protocol by which anything is erased, across the two databases and the files.

The ledger says *begun*, the rows go in one transaction of the main database, the keys are destroyed,
the files are deleted, an independent query looks for survivors, the ledger says *done*. Each step may
run twice; a crash leaves *begun*, and the next pass finishes it.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model, Q
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import PersonalData, root_of, roots, unit_of
from privacy.encryption.files import delete_file
from privacy.encryption.rows import SealedModel
from privacy.ledger.chain import remember_head
from privacy.models import Erasure, LedgerEntry
from privacy.routers import VAULT
from privacy.services.survivors import count_survivors

log = logging.getLogger(__name__)

BATCH = 500
SHORT_BATCH = 200  # SQLite has one writer: whoever writes meanwhile waits for the whole batch
EVERY = Q()
ATTEMPTS = 5
IN_PROGRESS = timedelta(seconds=10)  # younger erasures are probably being finished by whoever began them


class ErasureIncomplete(Exception):
    """Something survived; the erasure stays *begun* and is tried again."""


def erase_units(
    root: type[Model],
    ids: Collection,
    *,
    account_id: int | None,
    reason: str,
    still: Q = EVERY,
    wait: bool = False,
) -> int:
    """Erase units of one account with everything that belongs to them, and people with nothing left.

    ``reason`` is a code for the ledger. ``still`` is looked at once more under the lock: a unit for which it
    no longer holds, such as a ticket that was opened again a moment ago, is left alone. Returns how many
    units were erased; units that are gone already count nothing, nor do people who still have units, nor
    units that somebody else holds locked, unless the caller waits for them: the next pass finds them. Must
    be called outside a transaction. Raises :class:`ErasureIncomplete`.
    """
    erasures = _erase(root_of(root), list(ids), account_id, reason, still, skip_locked=not wait)
    return sum(
        erasure.begun.params["units"] for erasure in erasures if _root_name(erasure) == root._meta.label_lower
    )


def batch_size() -> int:
    """Return how many units at most go in one transaction."""
    return min(BATCH, SHORT_BATCH) if connection.vendor == "sqlite" else BATCH


def clock_runs(root: PersonalData) -> Q:
    """Return the condition that a unit is closed, so that its time may be over."""
    return Q(**{f"{root.clock}__isnull": False})


def erase_person(person: Model, *, reason: str) -> list[Erasure]:
    """Erase everything about one person, and the person (Article 17); returns the erasures, all of them done.

    Raises :class:`ErasureIncomplete`; what was begun is finished by the next pass.
    """
    account_id = getattr(person, "account_id", None)
    own, erasures = root_of(type(person)), []
    for _attempt in range(ATTEMPTS):  # somebody may open a unit for this person while the others go
        for root in _units_of_people(own):
            ids = list(root.rows().filter(**{root.person: person.pk}).values_list("pk", flat=True))
            erasures += _erase(root, ids, account_id, reason, EVERY, skip_locked=False)
        erasures += _erase(own, [person.pk], account_id, reason, EVERY, skip_locked=False)
        if not own.rows().filter(pk=person.pk).exists():
            return erasures
    raise ErasureIncomplete(f"{own.model._meta.label} got new units during {ATTEMPTS} attempts.")


def finish_open_erasures(*, older_than: timedelta = IN_PROGRESS) -> int:
    """Finish what a crash left *begun*; returns how many were finished."""
    finished = 0
    limit = timezone.now() - older_than
    for erasure in (
        Erasure.objects.filter(done=None, begun__at__lte=limit).select_related("begun").order_by("begun")
    ):
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
    _finish(erasure, keys, rows)
    return rows


def _erase(
    root: PersonalData, ids: list, account_id: int | None, reason: str, still: Q, *, skip_locked: bool
) -> list[Erasure]:
    erasures, size = [], batch_size()
    for start in range(0, len(ids), size):
        erasures += _erase_batch(root, ids[start : start + size], account_id, reason, still, skip_locked)
    return erasures


def _erase_batch(
    root: PersonalData, ids: list, account_id: int | None, reason: str, still: Q, skip_locked: bool
) -> list[Erasure]:
    with transaction.atomic(durable=True):
        people = _locked(root, ids, still, skip_locked)
        if not people:
            return []
        ids = list(people)
        keys, files = _keys_of(root, ids), _files_of(root, ids)
        erasure = _begin(root, keys, files, len(ids), account_id, reason)
        deleted = sum(_erase_rows(root, ids))
        remember_head(erasure.begun)
    _finish(erasure, keys, deleted)
    return [erasure, *_erase_bare_people(root, set(people.values()), account_id)]


def _locked(root: PersonalData, ids: list, still: Q, skip_locked: bool) -> dict[Any, Any]:
    """Lock the units that still exist and return their people by id, without people who have units."""
    rows = (
        root.rows()
        .filter(still, pk__in=ids)
        .select_for_update(skip_locked=skip_locked, of=("self",))
        .order_by("pk")
    )
    people = dict(rows.values_list("pk", root.person))
    if root.person != "pk":
        return people
    # Nothing can be opened for a locked person, so nothing comes between this look and the deletion.
    return {pk: pk for pk in people.keys() - _busy(root, people)}


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
        _report_survivors(erasure, left)
        raise ErasureIncomplete(f"Erasure {erasure.pk}: {left}")
    with transaction.atomic(using=VAULT):
        erasure.done = Erasure.objects.select_for_update(of=("self",)).get(
            pk=erasure.pk
        ).done or ledger.append(
            "erasure.done", account_id=erasure.account_id, begun=erasure.begun_id, rows=rows, survivors=0
        )
        erasure.files = []
        erasure.save(update_fields=["done", "files"])
    with transaction.atomic():
        remember_head(erasure.done)


def _report_survivors(erasure: Erasure, left: dict[str, int]) -> None:
    """Say once in the ledger that something survived, however often it is tried again."""
    said = LedgerEntry.objects.filter(seq__gt=erasure.begun_id, action="erasure.survivors")
    if not said.filter(params__erasure=erasure.pk.hex).exists():
        ledger.append("erasure.survivors", account_id=erasure.account_id, erasure=erasure.pk, **left)


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


def _erase_bare_people(root: PersonalData, people: Collection, account_id: int | None) -> list[Erasure]:
    if root.person == "pk" or root.person_model is None:
        return []
    person = root_of(root.person_model)
    if not person.erase_when_bare:
        return []
    return _erase(person, list(people), account_id, "nothing_left", EVERY, skip_locked=True)


def _units_of_people(person: PersonalData) -> list[PersonalData]:
    return [root for root in roots() if root.person_model is person.model and root.model is not person.model]


def _busy(person: PersonalData, people: Collection) -> set:
    """Return which of these people still have units."""
    busy: set = set()
    for root in _units_of_people(person):
        busy.update(root.rows().filter(**{f"{root.person}__in": people}).values_list(root.person, flat=True))
    return busy


def _root_name(erasure: Erasure) -> str:
    return erasure.begun.params["unit"]
