"""The right to erasure, with a receipt (Articles 17 and 12(3))."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from privacy import vault
from privacy.categories import Category
from privacy.declarations import roots
from privacy.ledger.chain import last_entry
from privacy.models import DataKey, Erasure, LedgerEntry
from privacy.services.erasing.erasure import erase_person
from privacy.services.evidence.receipts import certificate

# The grounds of Article 17(1), by letter.
GROUNDS = {
    "not_necessary": "a",
    "consent_withdrawn": "b",
    "objection": "c",
    "unlawful": "d",
    "legal_obligation": "e",
    "child_services": "f",
}


class UnknownContact(Exception):
    """No contact has this id: it never existed, or it is erased already."""


@dataclass(frozen=True)
class Receipt:
    """What was erased, without a word about whom. ``head`` is the hash of the ledger's newest entry.

    Each of the ``certificates`` is a document that the stand-alone verifier reads.
    """

    reason: str
    erased: list[dict[str, Any]]
    first_entry: int
    last_entry: int
    head: str
    certificates: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def contact_with_id(contact_id: str) -> Model:
    """Return the contact; raises :class:`UnknownContact`, also for what is no id at all."""
    declared = next(d for d in roots() if d.category == Category.CONTACT)
    try:
        found = declared.rows().filter(pk=UUID(contact_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise UnknownContact("No contact has this id: it never existed, or it is erased already.")
    return found


def erase_contact(*, contact_id: str, reason: str) -> Receipt:
    """Erase everything about a contact and return the receipt.

    ``reason`` is a ground of Article 17(1) (a key of ``GROUNDS`` or its letter) or words of one's own, of
    which only a keyed fingerprint is kept. Raises :class:`UnknownContact`,
    :class:`privacy.services.erasing.steps.ErasureIncomplete`, and
    :class:`privacy.services.rules.suspensions.Suspended` where a part of it has to stay; the rest is gone
    then.
    """
    contact = contact_with_id(contact_id)
    code = reason_code(reason, account_id=getattr(contact, "account_id", None))
    erasures = erase_person(contact, reason=code)
    newest = last_entry()
    return Receipt(
        reason=code,
        erased=[_line(erasure) for erasure in erasures],
        first_entry=min(erasure.begun_id for erasure in erasures),
        last_entry=max(erasure.done_id or 0 for erasure in erasures),
        head=newest.hash if newest else "",
        certificates=[_certificate(erasure) for erasure in erasures],
    )


def reason_code(reason: str, *, account_id: int | None) -> str:
    """Return the code under which a reason is kept in the ledger."""
    ground = reason.strip().lower()
    for name, letter in GROUNDS.items():
        if ground in (name, letter, f"17(1)({letter})"):
            return name
    key = vault.open_key(vault.standing_key(kind=DataKey.Kind.PSEUDONYM, account_id=account_id))
    return "words-" + hmac.new(key, reason.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def _certificate(erasure: Erasure) -> dict[str, Any]:
    document = certificate(erasure.begun_id, among=LedgerEntry.objects.all())
    return json.loads("".join(document.as_json()))


def _line(erasure: Erasure) -> dict[str, Any]:
    params = erasure.begun.params
    return {
        "unit": params["unit"],
        "count": params["units"],
        "files": params["files"],
        "keys_destroyed": len(params["keys"]),
        "begun": erasure.begun_id,
        "done": erasure.done_id,
    }
