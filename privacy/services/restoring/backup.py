"""Back up a deployment, each part by itself."""

import fcntl
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from privacy import ledger
from privacy.backups import databases, evidence, folders, sealed_files
from privacy.routers import VAULT
from privacy.services.erasing.survivors import MAIN
from privacy.services.restoring.replay import ADVICE, Gate, gate_state

# Main and files before the vault: a key without its row is swept, a row without its key is lost.
# The ledger last: it has to know every erasure that the vault's copy knows.
PARTS = ("main", "files", "vault", "ledger")


class BackupRefused(Exception):
    """Nothing was backed up, and no older backup was removed."""


class Made(NamedTuple):
    """A backup that was made. ``bytes`` counts what was written anew, ``rotated`` older backups that went."""

    part: str
    folder: Path
    seq: int
    bytes: int
    rotated: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "folder": str(self.folder)}


def back_up(*, parts: Collection[str] = PARTS, to: Path | None = None) -> list[Made]:
    """Back up these parts into folders of ``to`` (by default ``LETHE_BACKUP_DIR``) and rotate older backups.

    Others may write meanwhile. Raises :class:`BackupRefused` while the gate is closed, so that a lost vault
    never takes the place of a good copy, or while another backup runs;
    :class:`privacy.backups.folders.Unusable` where the ledger's mirror was changed;
    :class:`privacy.backups.postgres.ProgramMissing`; ``OSError``.
    """
    root = folders.private(to or Path(settings.LETHE_BACKUP_DIR))
    with _one_at_a_time(root):
        state = gate_state()
        if state is not Gate.OPEN:
            raise BackupRefused(f"{ADVICE[state]} Nothing was backed up, and no older backup was removed.")
        wanted = [part for part in PARTS if part in parts]
        # A vault without any entry could not tell later which mirror is its own.
        ledger.append("backup.begun", parts=wanted)
        return [_back_up(part, root / part) for part in wanted]


def keep_for(part: str) -> timedelta:
    """Return how long the backups of a part are kept; the newest always is."""
    if part == "ledger":  # each holds what none of the others does, so it lives as long as the entries in it
        return timedelta(days=366 * settings.LETHE_LEDGER_YEARS)
    days: int = getattr(settings, f"LETHE_BACKUP_{part.upper()}_KEEP_DAYS")
    return timedelta(days=days)


def _back_up(part: str, home: Path) -> Made:
    started, last = time.monotonic(), ledger.last_entry()
    seq = last.seq if last else 0
    folder = folders.write(home, part=part, seq=seq, fill=lambda folder: _dump(part, home, folder))
    rotated = folders.rotate(home, keep=keep_for(part))
    if part == "files":
        sealed_files.drop_unlisted(home)
    size = folders.read(folder)[1].size
    ledger.append("backup.made", part=part, seq=seq, bytes=size, rotated=rotated)
    return Made(part, folder, seq, size, rotated, round(time.monotonic() - started, 2))


def _dump(part: str, home: Path, folder: Path) -> dict[str, Any]:
    if part == "files":
        return sealed_files.dump(home, folder)
    if part == "ledger":
        return evidence.dump(home, folder)
    return databases.dump(VAULT if part == "vault" else MAIN, folder)


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    with open(root / ".lock", "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused("Another backup is being made here. Nothing was backed up.") from None
        yield
