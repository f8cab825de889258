"""Erase what nobody can read any more, since its key is lost."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from privacy import ledger, vault
from privacy.declarations import PersonalData, roots
from privacy.routers import VAULT
from privacy.services.erasing.emptying import empty_people
from privacy.services.erasing.erasure import erase
from privacy.services.erasing.lost_keys import batches, lost_keys, units_in_order, unreadable_units
from privacy.services.erasing.reasons import Reason
from privacy.services.rules.suspensions import stopped_among

Going = dict[type[Model], set]  # the ids of what is to be erased, by model


class Share(NamedTuple):
    """What can't be read of one kind in one account."""

    unit: PersonalData
    account_id: int | None
    ids: set


@dataclass
class Unreadable:
    """What was found, and what became of it.

    ``keys`` were lost, ``left`` still are. ``erased`` counts chats, tickets, files and people by model;
    ``emptied`` are people who still have something that can be read; ``held`` is what a hold, a restriction
    or an open request stops; ``users`` are the ids of people who sign in.
    """

    keys: int = 0
    erased: dict[str, int] = field(default_factory=dict)
    emptied: int = 0
    held: int = 0
    users: list[str] = field(default_factory=list)
    left: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def add(self, unit: PersonalData, erased: int) -> None:
        label = unit.model._meta.label_lower
        self.erased[label] = self.erased.get(label, 0) + erased


def erase_unreadable(*, also_held: bool = False, dry_run: bool = False) -> Unreadable:
    """Erase what is sealed under a lost key, and return what was found; ``dry_run`` only counts.

    A file goes alone; a chat or ticket goes with everything that belongs to it, as soon as one of its rows
    can't be read. People outside with nothing left go, too; those with something left keep it, under a new
    key and without name and address. People who sign in are only named. What a hold stops is left alone,
    unless ``also_held``. Must not run while the gate is closed; safe to run again. Raises
    :class:`privacy.services.erasing.steps.ErasureIncomplete`.
    """
    lost = lost_keys()
    found = Unreadable(keys=len(lost), left=len(lost))
    going: Going = {}
    for unit, account_id, ids in _look(lost, also_held, going, found):
        if dry_run:
            _foresee(unit, ids, going, found)
        else:
            _erase(unit, ids, Reason("key_lost", account_id, despite_holds=also_held), lost, found)
    if lost and not dry_run:
        found.left = len(lost_keys())
        ledger.append(
            "keys.lost",
            keys_lost=found.keys,
            erased=sum(found.erased.values()),
            emptied=found.emptied,
            held=found.held,
            users=len(found.users),
            left=found.left,
        )
    return found


def _look(lost: Collection[UUID], also_held: bool, going: Going, found: Unreadable) -> list[Share]:
    shares: list[Share] = []
    for unit in units_in_order():
        for account_id, unreadable in unreadable_units(unit, lost, going).items():
            ids = unreadable if also_held else unreadable - _stopped(unit, unreadable)
            found.held += len(unreadable) - len(ids)
            if unit.person == "pk" and not unit.erase_when_bare:
                found.users += sorted(map(str, ids))
                continue
            going.setdefault(unit.model, set()).update(ids)
            shares.append(Share(unit, account_id, ids))
    return shares


def _stopped(unit: PersonalData, ids: set) -> set:
    return {pk for batch in batches(ids) for pk in stopped_among(unit, batch)}


def _foresee(unit: PersonalData, ids: set, going: Going, found: Unreadable) -> None:
    busy = {
        person
        for root in roots()
        if unit.person == "pk" and root.person_model is unit.model and root.model is not unit.model
        for batch in batches(ids)
        for pk, person in root.rows().filter(**{f"{root.person}__in": batch}).values_list("pk", root.person)
        if pk not in going.get(root.model, ())
    }
    found.add(unit, len(ids - busy))
    found.emptied += len(busy)


def _erase(unit: PersonalData, ids: set, reason: Reason, lost: Collection[UUID], found: Unreadable) -> None:
    erase(unit, sorted(ids), reason=reason, wait=True)
    left = {
        pk for batch in batches(ids) for pk in unit.rows().filter(pk__in=batch).values_list("pk", flat=True)
    }
    found.add(unit, len(ids - left))
    if unit.person == "pk":
        found.emptied += sum(_empty(unit, batch, reason, lost) for batch in batches(left))


def _empty(person: PersonalData, ids: list, reason: Reason, lost: Collection[UUID]) -> int:
    """Empty people whose key is lost; returns how many are still there and are not held."""
    with transaction.atomic():
        rows = person.rows().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
        locked = {row.pk: row for row in rows if row.key_id in lost}
        for pk in set() if reason.despite_holds else stopped_among(person, locked):
            del locked[pk]
        old = empty_people(locked.values(), account_id=reason.account_id)
    if old:
        # A copy of the old key that turns up later must not open what backups still hold of these people.
        with transaction.atomic(using=VAULT):
            buried = sorted(key.hex for key in old)
            entry = ledger.append("people.emptied", account_id=reason.account_id, keys=buried)
            vault.destroy_keys(old, entry=entry)
    return len(old)
