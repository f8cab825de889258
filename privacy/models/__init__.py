from privacy.models.archive import ArchiveOpening, ArchiveReader
from privacy.models.consent import ConsentNotice, ConsentRecord, Mechanism, Withdrawal
from privacy.models.figures import DailyCount, Heartbeat, Skeleton
from privacy.models.ledger import LedgerEntry, LedgerHead, LedgerWalk, OutboxLine
from privacy.models.purposes import Basis, Purpose
from privacy.models.restoring import ForgottenDecision
from privacy.models.retention import (
    AtEnd,
    CoolingOff,
    Plan,
    PlanTerm,
    PolicyVersion,
    RetentionMinimum,
    RetentionPolicy,
)
from privacy.models.runs import OpenRun
from privacy.models.suspensions import Suspension
from privacy.models.vault import DataKey, Erasure, Tombstone, VaultModel

__all__ = [
    "ArchiveOpening",
    "ArchiveReader",
    "AtEnd",
    "Basis",
    "ConsentNotice",
    "ConsentRecord",
    "CoolingOff",
    "DailyCount",
    "DataKey",
    "Erasure",
    "ForgottenDecision",
    "Heartbeat",
    "LedgerEntry",
    "LedgerHead",
    "LedgerWalk",
    "Mechanism",
    "OpenRun",
    "OutboxLine",
    "Plan",
    "PlanTerm",
    "PolicyVersion",
    "Purpose",
    "RetentionMinimum",
    "RetentionPolicy",
    "Skeleton",
    "Suspension",
    "Tombstone",
    "VaultModel",
    "Withdrawal",
]
