"""A copy of everything that is kept about one person (Articles 15 and 20), from the declarations."""

import base64
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.utils import timezone

from privacy import ledger
from privacy.declarations import PersonalData, declarations
from privacy.encryption.errors import KeyUnavailable
from privacy.encryption.files import read_file
from privacy.encryption.rows import SealedModel


def export_person(person: Model) -> dict[str, Any]:
    """Return what is kept about a person as JSON values, by category, oldest first in each kind of thing.

    Names of agents are not in it: they are other people's. The export is noted in the ledger.
    """
    categories: dict[str, dict[str, list]] = {}
    for declared in reversed(declarations()):
        # Ids tell milliseconds apart; what says its own order, such as the log of a chat, is read in that.
        order = (*(declared.model._meta.ordering or ()), "pk")
        rows = [_copy(declared, row) for row in declared.rows_of_person(person).order_by(*order)]
        if rows:
            categories.setdefault(str(declared.category), {})[declared.model._meta.label_lower] = rows
    ledger.append(
        "person.exported",
        account_id=getattr(person, "account_id", None),
        person=ledger.reference(person) if isinstance(person, SealedModel) else "",
    )
    return {"exported_at": timezone.now().isoformat(), "categories": categories}


def _copy(declared: PersonalData, row: Any) -> dict[str, Any]:
    copied: dict[str, Any] = {}
    for name in declared.export:
        *way, last = name.split(".")
        place = copied
        for step in way:
            place = place.setdefault(step, {})
        place[last] = _value(attrgetter(name)(row))
    for name in declared.files:
        copied["content_base64"] = _content(row, getattr(row, name))
    return copied


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _content(row: SealedModel, stored_as: str) -> str:
    key = row.sealing_keys[row.key_id]
    if key is None:
        raise KeyUnavailable(f"The key of file {stored_as} was destroyed.")
    return base64.b64encode(b"".join(read_file(key, stored_as))).decode()
