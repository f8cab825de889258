"""The ledger's mirror: an append-only file that is backed up by itself, since keys want short backups and evidence long ones."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connections

from privacy.ledger.canonical import stamp
from privacy.models import LedgerEntry
from privacy.routers import VAULT

TAIL_BYTES = 256 * 1024


def path() -> Path:
    return Path(settings.LETHE_LEDGER_DIR) / "ledger.jsonl"


def catch_up() -> None:
    """Write the committed entries that the file does not have yet; may run in several processes."""
    if connections[VAULT].in_atomic_block:
        return  # not committed yet: the next caller writes it
    path().parent.mkdir(parents=True, exist_ok=True)
    with open(path(), "ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        entries = LedgerEntry.objects.filter(seq__gt=_last_seq(file)).order_by("seq")
        for entry in entries.iterator():
            file.write(json.dumps(as_line(entry), sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def as_line(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as the mirror and exports show it."""
    return {
        "seq": entry.seq,
        "uid": entry.uid.hex,
        "at": stamp(entry.at),
        "account": entry.account_id,
        "action": entry.action,
        "params": entry.params,
        "prev": entry.prev_hash,
        "hash": entry.hash,
        "signature": entry.signature,
    }


def lines() -> Iterator[dict[str, Any]]:
    """Yield the mirrored entries, oldest first."""
    if path().exists():
        with open(path(), encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def _last_seq(file: IO[bytes]) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    return int(json.loads(tail)["seq"]) if tail else 0
