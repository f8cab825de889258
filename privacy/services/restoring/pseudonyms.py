"""Whom and what entries of the ledger are about: asked of the rows that are still there."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from privacy import ledger
from privacy.encryption.errors import KeyLost
from privacy.encryption.rows import SealedModel


class Matches(NamedTuple):
    """Rows by the pseudonym that entries use; ``unsure`` where one of the others could be meant, too."""

    rows: dict[str, SealedModel]
    unsure: bool = False


def with_references(rows: QuerySet, wanted: Iterable[str]) -> Matches:
    """Return the rows whose pseudonym in the ledger is one of these.

    What was erased since has none any more. Where a key is lost nobody can tell whose pseudonym it was.
    """
    missing = set(wanted) - {""}
    found: dict[str, SealedModel] = {}
    unsure = False
    for row in rows.order_by("pk").iterator() if missing else ():
        try:
            name = ledger.reference(row)
        except KeyLost:
            unsure = True
            continue
        if name in missing:
            found[name] = row
            missing.discard(name)
            if not missing:
                return Matches(found)
    return Matches(found, unsure)
