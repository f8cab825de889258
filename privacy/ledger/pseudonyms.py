"""How people appear in the ledger: under names that die with their key."""

import hashlib
import hmac

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
