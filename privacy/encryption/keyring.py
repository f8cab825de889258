"""The deployment's key ring: it wraps data keys and never touches data itself.

The ring is ``settings.FIELD_ENCRYPTION_KEY``, newest key first, and the wrapping is the
``MultiFernet`` of django-encrypted-model-fields. The key's own id is wrapped with it, so a
wrapped key that was moved to another row of the vault is noticed.
"""

import hashlib
from functools import lru_cache
from uuid import UUID

from cryptography.fernet import InvalidToken, MultiFernet
from django.conf import settings
from encrypted_model_fields import fields as emf

from privacy.encryption.errors import KeyUnavailable, Tampered


def ring() -> tuple[str, ...]:
    """Return the keys of the ring, newest first."""
    return tuple(settings.FIELD_ENCRYPTION_KEY)


@lru_cache(maxsize=4)
def _crypter(keys: tuple[str, ...]) -> MultiFernet:
    return emf.get_crypter()


@lru_cache(maxsize=64)
def fingerprint(ring_key: str) -> str:
    """Return the name under which the vault remembers which key of the ring wrapped a data key."""
    return hashlib.sha256(b"lethe ring " + ring_key.encode()).hexdigest()[:16]


def newest() -> str:
    """Return the fingerprint of the key that wraps from now on."""
    return fingerprint(ring()[0])


def wrap(key_id: UUID, data_key: bytes) -> str:
    """Wrap a data key under the newest key of the ring."""
    return _crypter(ring()).encrypt(key_id.bytes + data_key).decode()


def unwrap(key_id: UUID, wrapped: str) -> bytes:
    """Return the data key.

    Raises :class:`KeyUnavailable` where no key of the ring opens it and :class:`Tampered`
    where it was wrapped for another id.
    """
    try:
        opened = _crypter(ring()).decrypt(wrapped.encode())
    except InvalidToken as error:
        raise KeyUnavailable(f"No key of the ring opens data key {key_id}.") from error
    if opened[:16] != key_id.bytes:
        raise Tampered(f"Data key {key_id} was wrapped for another id.")
    return opened[16:]
