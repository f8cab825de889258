from privacy.models.ledger import LedgerEntry, LedgerHead, OutboxLine
from privacy.models.policies import ConsentNotice, ConsentRecord, DailyCount, Heartbeat, RetentionPolicy
from privacy.models.vault import DataKey, Erasure, Tombstone, VaultModel

__all__ = [
    "ConsentNotice",
    "ConsentRecord",
    "DailyCount",
    "DataKey",
    "Erasure",
    "Heartbeat",
    "LedgerEntry",
    "LedgerHead",
    "OutboxLine",
    "RetentionPolicy",
    "Tombstone",
    "VaultModel",
]
