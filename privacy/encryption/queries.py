"""Queries over sealed rows: the database sees ciphertext, so it can neither compare, sort nor change it."""

from typing import Any

from django.core.exceptions import FieldError
from django.db.models import Field
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query

from privacy.encryption.errors import SealedMisuse


def refuse_sealed(field: Any, doing: str) -> None:
    """Raise :class:`SealedMisuse` where the field is sealed."""
    if hasattr(field, "place_of"):
        raise SealedMisuse(f"{field}: {doing} works on ciphertext; read the rows and do it in Python.")


class SealedQuery(Query):
    """A query that refuses a sealed field, its own or a related one, wherever its text would be needed."""

    def resolve_ref(self, name: str, *args: Any, **options: Any) -> Any:
        found = super().resolve_ref(name, *args, **options)
        refuse_sealed(getattr(found, "target", None), "an expression")
        return found

    def add_ordering(self, *ordering: Any) -> None:
        for item in ordering:
            if isinstance(item, str):
                refuse_sealed(self._field_of(item.lstrip("-+")), "an order")
        super().add_ordering(*ordering)

    def _field_of(self, name: str) -> Field | None:
        try:
            return self.names_to_path(name.split(LOOKUP_SEP), self.get_meta())[1]
        except FieldError:
            return None  # an annotation, or nothing at all, which Django says itself
