"""What can go wrong with sealed data. No message ever quotes plaintext or a key."""


class SealError(Exception):
    """Base of every error about sealed data."""


class Tampered(SealError):
    """The stored value is not what was sealed for this row and field."""


class KeyUnavailable(SealError):
    """The data key exists but no key of the ring opens it, or it is missing without a tombstone."""


class SealedMisuse(SealError, TypeError):
    """The code tried to go round the encryption; the message names the way that works."""
