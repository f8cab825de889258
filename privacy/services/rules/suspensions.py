"""The one predicate that stops an erasure, used by everything that erases."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, UUIDField

from privacy.declarations import PersonalData, every_row, root_of, roots
from privacy.encryption.errors import KeyLost
from privacy.encryption.rows import SealedModel
from privacy.models import Suspension


class Suspended(Exception):
    """A legal hold, a restriction or an open request keeps this from being erased."""


def suspended(declared: PersonalData) -> Q:
    """Return the condition that something stops the erasure of a row.

    A stop counts for the row itself, for the unit that it belongs to, and for its person.
    """
    stops = Q(pk__in=[])  # nothing
    for model, way in declared.ways_up():
        if not isinstance(model._meta.pk, UUIDField):
            continue  # rows that nothing stops one by one
        stops |= Q(Exists(_in_force(model).filter(unit_id=OuterRef(way))))
    if declared.find is not None and (people := _stopped_people()):
        stops |= declared.find(people)
    return stops


def stopped_among(declared: PersonalData, ids: Collection) -> set:
    """Return which of these rows something stops.

    Ask once the rows are locked, in a statement of its own: whoever places a hold locks them too, and
    PostgreSQL doesn't look again at what a statement read before it waited for a lock.
    """
    if not ids:
        return set()
    return set(declared.rows().filter(suspended(declared), pk__in=ids).values_list("pk", flat=True))


def is_suspended(row: Model) -> bool:
    """Tell whether something stops the erasure of this chat, ticket, contact or part."""
    return bool(stopped_among(root_of(type(row)), [row.pk]))


def refuse_suspended(row: Model) -> None:
    """Raise :class:`Suspended` where something stops the erasure of this row, and it is there."""
    if is_suspended(row):
        raise Suspended(f"Something stops the erasure of {row._meta.label} {row.pk}.")


def stops_of(rows: Sequence[Model]) -> dict[Any, Suspension]:
    """Return what stops the erasure of rows of one model, by their ids, to be shown; with one query.

    Where several do, a hold comes before the others, and the newest before older ones.
    """
    if not rows:
        return {}
    below = defaultdict(list)
    for model, way in root_of(type(rows[0])).ways_up():
        for row in rows:
            below[model._meta.label_lower, _value(row, way)].append(row.pk)
    labels, ids = {label for label, _pk in below}, {pk for _label, pk in below}
    found: dict[Any, Suspension] = {}
    for stop in Suspension.objects.filter(released_at=None, unit__in=labels, unit_id__in=ids):
        for pk in below[stop.unit, stop.unit_id]:
            found[pk] = max(found.get(pk, stop), stop, key=_weight)
    return found


def _in_force(model: type[Model]) -> QuerySet[Suspension]:
    return Suspension.objects.filter(released_at=None, unit=model._meta.label_lower)


def _stopped_people() -> list[Model]:
    people: list[Model] = []
    for root in roots():
        if root.person == "pk":
            stopped = _in_force(root.model).values("unit_id")
            people += [each for each in every_row(root.model).filter(pk__in=stopped) if _has_key(each)]
    return people


def _has_key(person: Model) -> bool:
    """Tell whether anybody can still say which pseudonym is this person's; if not, it stops no purge."""
    if not isinstance(person, SealedModel):
        return True
    try:
        person.sealing_keys[person.key_id]
    except KeyLost:
        return False
    return True


def _value(row: Model, way: str) -> Any:
    *path, last = way.split("__")
    for name in path:
        row = getattr(row, name)
    return row.serializable_value(last)


def _weight(stop: Suspension) -> tuple:
    return stop.kind == Suspension.Kind.HOLD, stop.created_at, stop.pk
