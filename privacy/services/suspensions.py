"""The one predicate that stops an erasure, used by everything that erases."""

from django.db.models import Exists, Model, OuterRef, Q, UUIDField

from privacy.declarations import PersonalData, root_of
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
        in_force = Suspension.objects.filter(
            released_at=None, unit=model._meta.label_lower, unit_id=OuterRef(way)
        )
        stops |= Q(Exists(in_force))
    return stops


def is_suspended(row: Model) -> bool:
    """Tell whether something stops the erasure of this chat, ticket, contact or part."""
    declared = root_of(type(row))
    return declared.rows().filter(suspended(declared), pk=row.pk).exists()
