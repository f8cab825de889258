"""Heads of the ledger are signed with Ed25519: anyone with the public key can verify them."""

from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy import vault
from privacy.models import DataKey


def signing_key() -> Ed25519PrivateKey:
    return _private_key(vault.standing_key(kind=DataKey.Kind.SIGNING, account_id=None))


@lru_cache(maxsize=4)
def _private_key(key_id: UUID) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.open_key(key_id))


def sign(head: str) -> str:
    """Return the signature (hex) of a head's hash."""
    return signing_key().sign(head.encode()).hex()


def is_signed(head: str, signature: str) -> bool:
    try:
        signing_key().public_key().verify(bytes.fromhex(signature), head.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_pem() -> str:
    """Return the public key as PEM, for those who verify without us."""
    return (
        signing_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
