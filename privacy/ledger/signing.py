"""Entries are signed with Ed25519: anyone with the public key can verify them."""

import hashlib
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy import vault
from privacy.ledger.canonical import link_of
from privacy.models import DataKey, LedgerEntry


def signing_key() -> Ed25519PrivateKey:
    return _private_key(vault.standing_key(kind=DataKey.Kind.SIGNING, account_id=None))


@lru_cache(maxsize=4)
def _private_key(key_id: UUID) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.open_key(key_id))


def is_signed(text: str, signature: str, *, key: Ed25519PublicKey) -> bool:
    """Tell whether a signature (hex) of an entry's hash, or of a head's text, was made with this key."""
    try:
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def is_ours(entry: LedgerEntry) -> bool:
    """Tell whether nobody planted the entry, so that something would be cut or opened at their word."""
    key = signing_key().public_key()
    return entry.hash == link_of(entry) and is_signed(entry.hash, entry.signature, key=key)


def public_key_pem() -> str:
    """Return the public key as PEM, for those who verify without us."""
    return (
        signing_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key in its DER form (hex): how people compare keys."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
