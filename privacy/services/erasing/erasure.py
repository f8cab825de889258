"""Erase chats, tickets, files and people: the one protocol across the two databases and the files.

Its steps are in :mod:`privacy.services.erasing.steps`; a crash leaves *begun*, and the next pass finishes it.
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from privacy.declarations import PersonalData, root_of
from privacy.ledger.chain import remember_head
from privacy.models import Erasure
from privacy.services.erasing.bare_people import busy, let_people_go, notice_bare_people, units_of_people
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.steps import ErasureIncomplete, erase_now, finish_each
from privacy.services.rules.due import batch_size
from privacy.services.rules.suspensions import Suspended, stopped_among, suspended

EVERY = Q()
ATTEMPTS = 5


def erase_units(
    root: type[Model],
    ids: Collection,
    *,
    account_id: int | None,
    reason: str | Reason,
    still: Q = EVERY,
    wait: bool = False,
) -> int:
    """Erase units of one account as :func:`erase` does; returns how many, people with nothing left apart."""
    why = reason if isinstance(reason, Reason) else Reason(reason, account_id)
    erasures = erase(root_of(root), ids, reason=why, still=still, wait=wait)
    return sum(
        erasure.begun.params["units"] for erasure in erasures if _root_name(erasure) == root._meta.label_lower
    )


def erase(
    unit: PersonalData, ids: Collection, *, reason: Reason, still: Q = EVERY, wait: bool = False
) -> list[Erasure]:
    """Erase units of one account with everything that belongs to them, and people with nothing left.

    ``still`` is looked at once more under the lock: a unit for which it no longer holds, such as a ticket
    that was opened again a moment ago, is left alone, and so is one that a hold, a restriction or an open
    request stops. Units that are gone already count nothing, nor do people who still have units, nor units
    that somebody else holds locked, unless the caller waits for them: the next pass finds them. Must be
    called outside a transaction. Raises :class:`ErasureIncomplete`.
    """
    ids, erasures, size = list(ids), [], batch_size()
    for start in range(0, len(ids), size):
        erasures += _erase_batch(unit, ids[start : start + size], reason, still, skip_locked=not wait)
    return erasures


def is_over(unit: PersonalData) -> Q:
    """Return the condition that a unit is closed, so that its time may be over."""
    return Q(**{f"{unit.over}__isnull": False}) if unit.over else EVERY


def erase_person(person: Model, *, reason: str) -> list[Erasure]:
    """Erase everything about one person, and the person (Article 17); returns the erasures, all of them done.

    Raises :class:`privacy.services.rules.suspensions.Suspended` where something stops it: what can be erased
    is gone by then, the rest goes once it is released. Raises :class:`ErasureIncomplete`; what was begun is
    finished by the next pass.
    """
    why = Reason(reason, getattr(person, "account_id", None))
    own, erasures = root_of(type(person)), []
    for _attempt in range(ATTEMPTS):  # somebody may open a unit for this person while the others go
        for root in units_of_people(own):
            ids = list(root.rows().filter(**{root.person: person.pk}).values_list("pk", flat=True))
            erasures += erase(root, ids, reason=why, wait=True)
        erasures += erase(own, [person.pk], reason=why, wait=True)
        if not own.rows().filter(pk=person.pk).exists():
            return erasures
        if _is_stopped(own, person):
            raise Suspended(f"{own.model._meta.label} {person.pk}: something stops a part of it.")
    raise ErasureIncomplete(f"{own.model._meta.label} got new units during {ATTEMPTS} attempts.")


def _is_stopped(own: PersonalData, person: Model) -> bool:
    units = [(own, "pk"), *((root, root.person) for root in units_of_people(own))]
    return any(root.rows().filter(suspended(root), **{way: person.pk}).exists() for root, way in units)


def _erase_batch(
    unit: PersonalData, ids: list, reason: Reason, still: Q, *, skip_locked: bool
) -> list[Erasure]:
    with transaction.atomic(durable=True):
        people = _locked(unit, ids, still, skip_locked, despite_holds=reason.despite_holds)
        if not people:
            return []
        begun = [erase_now(unit, list(people), reason)]
        bare, noticed = let_people_go(unit, set(people.values()), reason.account_id, run=reason.run)
        begun += bare
        for each in begun:
            remember_head(each.erasure.begun)
    finish_each(begun)
    notice_bare_people(unit, set(people.values()) - noticed, reason.account_id)
    return [each.erasure for each in begun]


def _locked(
    unit: PersonalData, ids: list, still: Q, skip_locked: bool, *, despite_holds: bool
) -> dict[Any, Any]:
    """Lock the units that still exist and that nothing stops, and return their people by id.

    People who still have units are left out.
    """
    rows = (
        unit.rows()
        .filter(still, pk__in=ids)
        .select_for_update(skip_locked=skip_locked, of=("self",))
        .order_by("pk")
    )
    people = dict(rows.values_list("pk", unit.person))
    for pk in set() if despite_holds else stopped_among(unit, people):
        del people[pk]
    if unit.person != "pk":
        return people
    # Nothing can be opened for a locked person, so nothing comes between this look and the deletion.
    return {pk: pk for pk in people.keys() - busy(unit, people)}


def _root_name(erasure: Erasure) -> str:
    return erasure.begun.params["unit"]
