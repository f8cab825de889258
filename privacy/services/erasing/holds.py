"""Legal holds and other stops: placed, looked at again, and released. All of them stay on record."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from privacy import ledger
from privacy.declarations import PersonalData, declarations, root_of, roots
from privacy.models import Suspension
from privacy.services.erasing.at_once import erase_if_due_at_once


class UnitGone(LookupError):
    """There is no such chat, ticket or contact: it was erased, or it never was."""


class NotInForce(Exception):
    """The hold is released already."""


def holdable() -> list[PersonalData]:
    """Return the kinds of unit that can be put on hold: chats, tickets, and people outside."""
    return [root for root in roots() if root.clocks]


def unit_with_id(pk: UUID, *, account_ids: Any) -> Model:
    """Return the chat, ticket or contact with this id in these accounts. Raises :class:`UnitGone`."""
    for root in holdable():
        if unit := root.rows().filter(pk=pk, account_id__in=account_ids).first():
            return unit
    raise UnitGone(f"Nothing has the id {pk}.")


def place_hold(
    *,
    unit: Model,
    by: Any,
    basis: str,
    reason: str,
    review_on: date,
    kind: str = Suspension.Kind.HOLD,
) -> Suspension:
    """Stop the erasure of a chat, a ticket, or of a contact with all that is theirs.

    Whatever is being erased at this moment is gone first; what is there after the lock stays. ``reason`` is
    kept as it is, so it should name nobody; the ledger gets the basis and the date only. Raises
    :class:`UnitGone`.
    """
    declared = root_of(type(unit))
    with transaction.atomic():
        row = declared.rows().filter(pk=unit.pk).select_for_update(of=("self",), no_key=True).first()
        if row is None:
            raise UnitGone(f"{declared.model._meta.label} {unit.pk} is gone.")
        _lock_what_belongs_to(declared, row)
        hold = Suspension.objects.create(
            account_id=row.account_id,
            kind=kind,
            unit=declared.model._meta.label_lower,
            unit_id=row.pk,
            basis=basis,
            reason=reason.strip(),
            by=by,
            review_on=review_on,
        )
        _record("hold.placed", hold, row, by, basis=str(basis), review_on=review_on.isoformat())
    return hold


def review_hold(*, hold: Suspension, by: Any, review_on: date) -> Suspension:
    """Note that a hold was looked at and still stands, and when that is due again.

    Raises :class:`NotInForce`.
    """
    with transaction.atomic():
        hold = _locked(hold)
        hold.review_on, hold.review_told_at = review_on, None
        hold.save(update_fields=["review_on", "review_told_at"])
        _record("hold.reviewed", hold, unit_of_hold(hold), by, review_on=review_on.isoformat())
    return hold


def release_hold(*, hold: Suspension, by: Any, reason: str) -> Suspension:
    """Release a hold; the erasure that was due is resumed.

    What its account erases at once, and is over, is gone when this returns, unless something else stops it;
    the next purge takes the rest. Called outside a transaction. Raises :class:`NotInForce`.
    """
    with transaction.atomic():
        hold = _locked(hold)
        hold.released_at, hold.released_by, hold.release_reason = timezone.now(), by, reason.strip()
        hold.save(update_fields=["released_at", "released_by", "release_reason"])
        unit = unit_of_hold(hold)
        _record("hold.released", hold, unit, by)
    if unit is not None:
        for each in [*_units_of_person(unit), unit]:
            erase_if_due_at_once(each, account_id=hold.account_id)
    return hold


def unit_of_hold(hold: Suspension) -> Model | None:
    """Return what a stop is about; ``None`` once it is erased."""
    root = next(root for root in holdable() if root.model._meta.label_lower == hold.unit)
    return root.rows().filter(pk=hold.unit_id).first()


def holds_on(unit: Model) -> QuerySet[Suspension]:
    """Return the stops that were ever placed on a unit or on its person, newest first."""
    declared = root_of(type(unit))
    person = declared.rows().filter(pk=unit.pk).values(declared.person)
    mine = Q(unit_id=unit.pk) | Q(unit_id__in=person)
    return Suspension.objects.filter(mine).select_related("by", "released_by").order_by("-created_at")


def due_for_review(today: date) -> QuerySet[Suspension]:
    """Return the stops in force whose review is due on a day, the longest overdue first."""
    return Suspension.objects.filter(released_at=None, review_on__lte=today).order_by("review_on", "pk")


def _locked(hold: Suspension) -> Suspension:
    found = Suspension.objects.select_for_update(of=("self",)).filter(pk=hold.pk, released_at=None).first()
    if found is None:
        raise NotInForce(f"Hold {hold.pk} is released already.")
    return found


def _lock_what_belongs_to(declared: PersonalData, row: Model) -> None:
    """Wait for whoever is erasing a part at this moment; whoever comes later sees the hold.

    Units come before their parts, as they do for whoever erases them, so that neither waits for the other.
    Without ``no_key`` somebody who writes in a ticket would wait for its person when they commit, and this
    transaction for their ticket.
    """
    for part in reversed(declarations()):
        if not (part.is_root or part.separable or part.account):
            continue
        for model, way in part.ways_up()[1:]:
            if model is declared.model:
                rows = part.rows().filter(**{way: row.pk}).order_by("pk")
                list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _units_of_person(unit: Model) -> list[Model]:
    declared = root_of(type(unit))
    if declared.person != "pk":
        return []
    theirs = [root for root in holdable() if root.person_model is declared.model and root.person != "pk"]
    return [each for root in theirs for each in root.rows().filter(**{root.person: unit.pk})]


def _record(action: str, hold: Suspension, unit: Model | None, by: Any, **params: str) -> None:
    ledger.record(
        action,
        account_id=hold.account_id,
        hold=hold.pk,
        kind=str(hold.kind),
        unit=hold.unit,
        what=ledger.reference(unit),  # type: ignore[arg-type]
        who=ledger.reference(by),
        **params,
    )
