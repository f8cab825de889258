"""Keyed indexes: the database finds an exact value without seeing it.

Equal values in two accounts have different indexes, because each account has an index key of
its own. An index is pseudonymous data: it is declared and erased with its row.
"""

import hashlib
import hmac
import unicodedata
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import models

from privacy import vault
from privacy.encryption.fields import Sealed
from privacy.models import DataKey


def normalise(value: str) -> str:
    """Return the one form under which equal addresses are found: NFKC, case folded, domain in ASCII."""
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        pass  # not a domain that IDNA knows: compared as it is
    return local + at + domain


def blind_index(value: str, *, account_id: int | None, use: str = "email") -> str:
    """Return the index of ``value`` within an account, or within the deployment for ``None``.

    ``use`` keeps indexes of different kinds of values apart.
    """
    key = _derived(vault.standing_key(kind=DataKey.Kind.INDEX, account_id=account_id), use)
    return hmac.new(key, normalise(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


@lru_cache(maxsize=1024)
def _derived(key_id: UUID, use: str) -> bytes:
    # Index keys die with their account only, so keeping the derived key in memory breaks no promise.
    return HKDF(SHA256(), 32, None, f"lethe index {use}".encode()).derive(vault.open_key(key_id))


class BlindIndexField(models.CharField):
    """The blind index of the sealed field ``of`` of the same row, kept up to date on save.

    ``scope`` is the attribute that names the account; ``None`` makes it one for the deployment.
    """

    def __init__(self, *, of: str, scope: str | None = "account_id", **kwargs) -> None:
        self.of, self.scope = of, scope
        options: dict[str, Any] = {"max_length": 32, "editable": False, "blank": True, "default": ""}
        super().__init__(**options | kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of, "scope": self.scope}

    def pre_save(self, model_instance, add):
        value = model_instance.__dict__.get(self.of)
        if not isinstance(value, Sealed):  # a value that nobody changed keeps its index
            account_id = getattr(model_instance, self.scope) if self.scope else None
            index = blind_index(str(value), account_id=account_id, use=self.of) if value else ""
            setattr(model_instance, self.attname, index)
        return super().pre_save(model_instance, add)
