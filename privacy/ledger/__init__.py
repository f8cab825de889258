"""The evidence ledger: what was done to personal data, without any.

``record`` writes a line of evidence in the transaction of the change; ``append`` chains entries
at once; ``verify`` finds any change, removal or cut.
"""

from privacy.ledger.chain import append, last_entry, mend_mirror
from privacy.ledger.outbox import drain_outbox, record
from privacy.ledger.pseudonyms import mark, reference
from privacy.ledger.verifying import Finding, Watch, verify

__all__ = [
    "Finding",
    "Watch",
    "append",
    "drain_outbox",
    "last_entry",
    "mark",
    "mend_mirror",
    "record",
    "reference",
    "verify",
]
