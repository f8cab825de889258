"""What can go wrong with sealed data. No message ever quotes plaintext or a key."""

from collections.abc import Collection
from uuid import UUID


class SealError(Exception):
    """Base of every error about sealed data."""


class Tampered(SealError):
    """The stored value is not what was sealed for this row and field."""


class KeyUnavailable(SealError):
    """The data key exists but no key of the ring opens it, or it is missing without a tombstone."""


class KeyLost(KeyUnavailable):
    """The vault has neither the data key nor a tombstone: an incident, not an erasure. ``ids`` say which."""

    def __init__(self, ids: Collection[UUID]) -> None:
        self.ids = frozenset(ids)
        super().__init__(f"The vault has neither key nor tombstone for {sorted(map(str, ids))}.")


class SealedMisuse(SealError, TypeError):
    """The code tried to go round the encryption; the message names the way that works."""
