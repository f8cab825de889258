"""The ledger's mirror: an append-only file with backups of its own.

Keys want short backups, evidence wants long ones.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from privacy.ledger.canonical import stamp
from privacy.models import LedgerEntry

TAIL_BYTES = 256 * 1024


def path() -> Path:
    return Path(settings.LETHE_LEDGER_DIR) / "ledger.jsonl"


def catch_up() -> None:
    """Write the committed entries that the file does not have yet; may run in several processes."""
    path().parent.mkdir(parents=True, exist_ok=True)
    with open(path(), "ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        entries = LedgerEntry.objects.filter(seq__gt=_last_seq(file)).order_by("seq")
        file.writelines(
            json.dumps(as_line(entry), sort_keys=True).encode() + b"\n" for entry in entries.iterator()
        )
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
    """Yield the mirrored entries, oldest first; a line that is being written at this moment is left out."""
    if path().exists():
        with open(path(), encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.endswith("\n"))


def _last_seq(file: IO[bytes]) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    whole, newline, torn = file.read().rpartition(b"\n")
    if torn:  # a crash cut the last line short: it is written again
        file.truncate(size - len(torn))
    last = whole.rpartition(b"\n")[2]
    return int(json.loads(last)["seq"]) if newline else 0
