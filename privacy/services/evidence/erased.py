"""Find the erasure of a chat, ticket or person by the id that it had."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from privacy import ledger
from privacy.declarations import roots
from privacy.models import LedgerEntry
from privacy.services.evidence.receipts import BEGUN

WINDOW = 5000  # entries that one query reads at most
WINDOWS = 40
LEEWAY = timedelta(days=1)  # between the clocks of machines


class NothingErased(LookupError):
    """The ledger names no run and no erasure by this number or id, none that the person may see."""


class NotErased(NothingErased):
    """It is still here."""


class BeyondReach(NothingErased):
    """It isn't in the newest part of the ledger, and the rest is too long to look through."""


def erasure_of(unit: UUID, *, among: QuerySet[LedgerEntry]) -> LedgerEntry:
    """Return the entry with which the erasure of a unit began, among those that the person may see.

    Reads the newest :data:`WINDOWS` times :data:`WINDOW` entries, and none that is older than the unit.
    Raises :class:`NothingErased`.
    """
    newest = ledger.last_entry()
    upper, mark = newest.seq if newest else 0, ledger.mark(unit)
    begun = _begun_with(mark, among)
    for _window in range(WINDOWS):
        lower = upper - WINDOW
        for entry in begun.filter(seq__gt=lower, seq__lte=upper).order_by("-seq"):
            if mark in entry.params.get("marks", ()):
                return entry
        if _is_older(lower, than=unit):
            break
        upper = lower
    else:
        if not _is_here(unit, among):
            raise BeyondReach(f"No erasure of {unit} in {WINDOW * WINDOWS} entries.")
    raise (NotErased if _is_here(unit, among) else NothingErased)(f"No erasure of {unit}.")


def _begun_with(mark: str, among: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    # As text, which both databases can search; SQLite knows no containment of JSON.
    written = among.filter(action=BEGUN).alias(written=Cast("params", TextField()))
    return written.filter(written__contains=f'"{mark}"')


def _is_older(seq: int, *, than: UUID) -> bool:
    """Tell whether everything up to an entry was written before the unit was made, as its id says."""
    if seq <= 0:
        return True
    entry = LedgerEntry.objects.filter(seq__lte=seq).order_by("-seq").defer("params").first()
    if entry is None:
        return True
    if than.version != 7:
        return False
    made_at = datetime.fromtimestamp((than.int >> 80) / 1000, UTC)
    return entry.at < made_at - LEEWAY


def _is_here(unit: UUID, among: QuerySet[LedgerEntry]) -> bool:
    """Tell whether a unit with this id is still stored, in an account whose entries the person may see."""
    stored = [root.rows().filter(pk=unit) for root in roots()]
    accounts = {account for rows in stored for account in rows.values_list("account_id", flat=True)}
    return any(among.filter(account_id=account).exists() for account in accounts)
