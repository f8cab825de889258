"""Receipts and certificates leave the house only while what they rest on stands in the chain."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db.models import QuerySet

from privacy.encryption.rows import SealedModel
from privacy.models import LedgerEntry
from privacy.services.evidence.proofs import stand_in_chain
from privacy.services.evidence.receipts import DOCUMENTS, PAGE, Document, hand_over


class NotInChain(Exception):
    """Entries of the document were changed, aren't signed, or don't fit those beside them."""


def issue(kind: str, number: int, *, among: QuerySet[LedgerEntry]) -> Document:
    """Return a document whose entries all stand in the chain.

    Raises :class:`NotInChain`, and what the makers of the documents raise.
    """
    document = DOCUMENTS[kind](number, among=among)
    if not all(stand_in_chain(page) for page in _pages(document.entries)):
        raise NotInChain(f"The entries of {kind} {number} don't stand in the chain.")
    return document


def issue_copy(
    kind: str, number: int, *, among: QuerySet[LedgerEntry], form: str, by: SealedModel | None
) -> Document:
    """Do the same for a copy that leaves the house, and note in the ledger who took it."""
    issue(kind, number, among=among)
    return hand_over(kind, number, among=among, form=form, by=by)


def _pages(entries: Iterable[LedgerEntry]) -> Iterator[list[LedgerEntry]]:
    left = iter(entries)
    while page := list(islice(left, PAGE)):
        yield page
