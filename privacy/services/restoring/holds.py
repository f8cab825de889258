"""Holds, restrictions and requests that a restored database had forgotten, placed and released again."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from privacy import ledger
from privacy.declarations import PersonalData
from privacy.encryption.errors import KeyLost
from privacy.ledger.decisions import Found, Outcome
from privacy.models import LedgerEntry, Suspension
from privacy.services.erasing.holds import holdable, unit_of_hold
from privacy.services.restoring.pseudonyms import Matches, with_references

Place = tuple[Any, str]  # an account and the label of a model


def rebuild_holds(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Do again with each hold what the ledger says, in its order.

    What is on hold is found by its pseudonym; what the backup doesn't have needs no hold. Where nobody can
    tell which one it is, nothing of its kind is erased.
    """
    again = _Again(entries)
    for entry in entries:
        try:
            yield again.do(entry)
        except (KeyError, ValueError):  # written by another version
            yield Found(entry, Outcome.PAUSED)
    _skip_used_numbers()


class _Again:
    """What the entries are about, read once, and the holds that were placed again."""

    def __init__(self, entries: list[LedgerEntry]) -> None:
        self._roots = {root.model._meta.label_lower: root for root in holdable()}
        self._units = self._find_units(entries)
        by = {entry.params.get("who", "") for entry in entries}
        self._people = with_references(get_user_model()._base_manager.all(), by).rows
        self._placed: dict[tuple, Suspension] = {}

    def do(self, entry: LedgerEntry) -> Found:
        if entry.action == "hold.placed":
            return self._place(entry)
        hold = self._hold_of(entry)
        if hold is None:
            return Found(entry, Outcome.LOST)
        if entry.action == "hold.reviewed":
            hold.review_on, hold.review_told_at = date.fromisoformat(entry.params["review_on"]), None
        elif hold.released_at is None:
            hold.released_at, hold.released_by = entry.at, self._by(entry)
            hold.release_reason = lost_reason()
        hold.save()
        return Found(entry, Outcome.REBUILT)

    def _place(self, entry: LedgerEntry) -> Found:
        said = entry.params
        root, matches = self._roots[said["unit"]], self._units[entry.account_id, said["unit"]]
        unit = matches.rows.get(said["what"])
        if unit is None and matches.unsure:
            return Found(entry, Outcome.PAUSED, category=str(root.category))
        if unit is None:
            return Found(entry, Outcome.LOST)
        self._placed[_name(entry)] = _there(said, unit) or Suspension.objects.create(
            pk=None if Suspension.objects.filter(pk=said["hold"]).exists() else said["hold"],
            account_id=unit.account_id,  # type: ignore[attr-defined]
            kind=said.get("kind", Suspension.Kind.HOLD),
            unit=said["unit"],
            unit_id=unit.pk,
            basis=said["basis"],
            reason=lost_reason(),
            by=self._by(entry),
            created_at=entry.at,
            review_on=date.fromisoformat(said["review_on"]),
        )
        return Found(entry, Outcome.REBUILT)

    def _hold_of(self, entry: LedgerEntry) -> Suspension | None:
        """Return the hold that an entry is about: placed again, or older than the backup."""
        said = entry.params
        if placed := self._placed.get(_name(entry)):
            return placed
        older = Suspension.objects.filter(pk=said["hold"], unit=said["unit"], account=entry.account_id)
        hold = older.first()
        return hold if hold and said["what"] and _reference(unit_of_hold(hold)) == said["what"] else None

    def _find_units(self, entries: list[LedgerEntry]) -> dict[Place, Matches]:
        wanted: dict[Place, set[str]] = defaultdict(set)
        for entry in entries:
            if entry.action == "hold.placed":
                wanted[entry.account_id, entry.params.get("unit", "")].add(entry.params.get("what", ""))
        return {place: with_references(self._rows(*place), names) for place, names in wanted.items()}

    def _rows(self, account_id: int | None, label: str) -> Any:
        root: PersonalData | None = self._roots.get(label)
        return root.rows().filter(account_id=account_id) if root else Suspension.objects.none()

    def _by(self, entry: LedgerEntry) -> Any:
        return self._people.get(entry.params.get("who", ""))


def _name(entry: LedgerEntry) -> tuple:
    return entry.account_id, entry.params["hold"], entry.params["unit"], entry.params["what"]


def _there(said: dict[str, Any], unit: Model) -> Suspension | None:
    return Suspension.objects.filter(pk=said["hold"], unit=said["unit"], unit_id=unit.pk).first()


def _reference(unit: Any) -> str:
    try:
        return ledger.reference(unit)
    except KeyLost:
        return ""


def lost_reason() -> str:
    return _("Made again from the ledger after a restore: the words of the reason are lost.")


def _skip_used_numbers() -> None:
    """Let PostgreSQL go on counting behind the numbers that came from the ledger."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Suspension]):
            cursor.execute(statement)
