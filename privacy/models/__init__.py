from privacy.models.archive import ArchiveOpening, ArchiveReader
from privacy.models.consent import ConsentNotice, ConsentRecord
from privacy.models.figures import DailyCount, Heartbeat, Skeleton
from privacy.models.ledger import LedgerEntry, LedgerHead, LedgerWalk, OutboxLine
from privacy.models.retention import AtEnd, CoolingOff, Plan, PlanTerm, PolicyVersion, RetentionPolicy
from privacy.models.runs import OpenRun
from privacy.models.suspensions import Suspension
from privacy.models.vault import DataKey, Erasure, Tombstone, VaultModel

__all__ = [
    "ArchiveOpening",
    "ArchiveReader",
    "AtEnd",
    "ConsentNotice",
    "ConsentRecord",
    "CoolingOff",
    "DailyCount",
    "DataKey",
    "Erasure",
    "Heartbeat",
    "LedgerEntry",
    "LedgerHead",
    "LedgerWalk",
    "OpenRun",
    "OutboxLine",
    "Plan",
    "PlanTerm",
    "PolicyVersion",
    "RetentionPolicy",
    "Skeleton",
    "Suspension",
    "Tombstone",
    "VaultModel",
]
