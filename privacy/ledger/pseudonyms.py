"""How people appear in the ledger: under names that die with their key."""

import hashlib
import hmac
from uuid import UUID

from privacy.encryption.rows import SealedModel


def reference(row: SealedModel | None) -> str:
    """Return a pseudonym of a person or thing (32 hex digits), keyed with the row's own data key.

    Once the key is destroyed nobody can tell any more whom the entries were about. Empty for nobody.
    """
    if row is None:
        return ""
    key = row.sealing_keys[row.key_id]
    if key is None:
        return ""
    return hmac.new(key, b"lethe ledger reference", hashlib.sha256).hexdigest()[:32]


def mark(pk: UUID) -> str:
    """Return the mark (32 hex digits) under which the ledger names something that was erased.

    Whoever knows the random id of a chat, ticket or contact can ask what became of it; nobody can read an id
    from the ledger.
    """
    return hashlib.sha256(b"lethe erased " + pk.bytes).hexdigest()[:32]
