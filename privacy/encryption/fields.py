"""Strict sealed fields over the fields of django-encrypted-model-fields.

The package decrypts whatever is assigned, swallows a failed decryption and encrypts under one
key for everything. These fields keep its place in the model and replace all of that: a value is
sealed when its row is saved, opened when it is read, and every way around both is an error.
"""

from typing import TYPE_CHECKING, Any, cast

from django.core import checks
from django.db.models.query_utils import DeferredAttribute
from encrypted_model_fields import fields as emf

from privacy.encryption.errors import KeyLost, SealedMisuse
from privacy.encryption.sealing import Token, Unchanged, seal, unseal


class Sealed:
    """A stored value that nobody opened yet. It has no text: only the row it belongs to can open it."""

    __slots__ = ("_text", "token")

    def __init__(self, token: str) -> None:
        self.token = Token(token)
        self._text: str | None = None

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> str:
        raise SealedMisuse("A sealed value is read through its model's instance, not through values().")

    def __reduce__(self):
        return (Sealed, (str(self.token),))  # a pickle or a copy never carries the opened text

    def open(self, row: Any, field: "SealedMixin") -> str:
        if self._text is None:
            try:
                key = row.sealing_keys[row.key_id]
            except KeyLost:
                shown_as = getattr(row._state, "lost", None)
                if shown_as is None:
                    raise
                return Lost(shown_as)
            if key is None:
                return ERASED
            self._text = unseal(key, self.token, place=field.place_of(row))
        return self._text


class Erased(str):
    """What a value reads as once its key was destroyed: empty, false, and never stored back."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<erased>"


ERASED = Erased()


class Lost(str):
    """What a value whose key is lost reads as on a page, and never stored: see ``share_keys``."""

    __slots__ = ()


class SealedAttribute(DeferredAttribute):
    """Open the value when it is read."""

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        name = self.field.attname
        value = instance.__dict__[name] if name in instance.__dict__ else super().__get__(instance, cls)
        if not isinstance(value, Sealed) or getattr(instance._state, "stays_sealed", False):
            return value
        return value.open(instance, cast("SealedMixin", self.field))

    def __set__(self, instance, value) -> None:
        instance.__dict__[self.field.attname] = value


class SealedMixin(emf.EncryptedMixin):
    """Seal on save, open on read, refuse everything else."""

    descriptor_class = SealedAttribute

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any) -> Any: ...

        def __set__(self, instance: Any, value: Any) -> None: ...

    def place_of(self, row: Any) -> str:
        """Return what the ciphertext is bound to: model, field, row and key."""
        return f"{row._meta.label_lower}.{self.name}|{row.pk}|{row.key_id}"

    # In: whatever a person typed stays what they typed, also where it looks like ciphertext.

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Sealed) else super(emf.EncryptedMixin, self).to_python(value)

    def pre_save(self, model_instance, add):
        value = model_instance.__dict__.get(self.attname)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if isinstance(value, Sealed):
            return self._unchanged(value, model_instance)
        if isinstance(value, Erased):
            raise SealedMisuse(f"{self}: the value was erased and can't be stored again.")
        if isinstance(value, Lost):
            raise SealedMisuse(f"{self}: the value can't be read, and what is shown for it isn't stored.")
        key = model_instance.sealing_keys[model_instance.key_id]
        if key is None:
            raise SealedMisuse(f"{self}: the key of this row was destroyed; nothing can be sealed under it.")
        return seal(key, str(value), place=self.place_of(model_instance))

    def _unchanged(self, value: Sealed, row: Any) -> Token:
        if getattr(row._state, "sealed_as", None) != (row.pk, row.key_id):
            raise SealedMisuse(f"{self}: a sealed value can't be copied to another row; assign its text.")
        return Unchanged(value.token)

    def get_db_prep_save(self, value, connection):
        return self._only_tokens(value)

    def get_db_prep_value(self, value, connection, prepared=False):
        return self._only_tokens(value)

    def get_placeholder(self, value, compiler, connection) -> str:
        self._only_tokens(value)
        return "%s"

    def _only_tokens(self, value):
        if value is not None and not (isinstance(value, Token) and value.has_shape):
            raise SealedMisuse(
                f"{self}: update(), bulk_update(), fixtures and expressions can't seal; save the instance."
            )
        return value

    # Out: a value knows its row, so rows are the only way to its text.

    def from_db_value(self, value, expression, connection):
        return None if value is None else Sealed(value)

    def value_to_string(self, obj):
        raise SealedMisuse(f"{self}: sealed data is not serialised; use the export of a person or a backup.")

    # Look-ups: the database can't see the text.

    def get_lookup(self, lookup_name: str):
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise SealedMisuse(f"{self}: no {lookup_name!r} look-up on a sealed field{self._index_hint()}")

    def get_transform(self, lookup_name: str):
        raise SealedMisuse(f"{self}: no {lookup_name!r} on a sealed field{self._index_hint()}")

    def _index_hint(self) -> str:
        names = [f.name for f in self.model._meta.fields if getattr(f, "of", None) == self.name]
        return f"; its blind index is {names[0]!r}." if names else "; it has no blind index."

    def check(self, **kwargs):
        found = super().check(**kwargs)
        if self.unique or self.db_index:
            hint = "Put a BlindIndexField beside it."
            found.append(checks.Error("A sealed field can't be indexed.", hint, self, "privacy.E001"))
        return found


class SealedTextField(SealedMixin, emf.EncryptedTextField):
    """Text of any length."""


class SealedCharField(SealedMixin, emf.EncryptedCharField):
    """One line of text; ``max_length`` is validated, not stored."""


class SealedEmailField(SealedMixin, emf.EncryptedEmailField):
    """An e-mail address."""
