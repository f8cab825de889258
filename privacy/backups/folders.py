"""A backup on the disk: a folder with its files and a manifest that says what is in it.

It is written under a hidden name, reaches the disk, and gets its name in one step: what has a name is whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

MANIFEST = "manifest.json"
STAMP = "%Y%m%dT%H%M%S.%fZ"
CHUNK = 2**20


class Unusable(Exception):
    """A backup is not what its manifest says, or not what is asked for."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. ``seq`` is the newest entry of the ledger when it was begun.

    ``facts`` belong to the part: the server's kind and applied migrations of a database, for example.
    """

    part: str
    at: str
    seq: int
    files: dict[str, dict[str, Any]]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(file["size"] for file in self.files.values())


def write(home: Path, *, part: str, seq: int, fill: Callable[[Path], dict[str, Any]]) -> Path:
    """Make a backup in ``home`` of what ``fill`` writes into the folder that it is given; returns its folder.

    ``fill`` returns the facts of the manifest. A failure leaves nothing behind.
    """
    made_at = timezone.now()
    name = made_at.strftime(STAMP)
    private(home)
    _clear_unfinished(home)
    partial = home / f".{name}.partial"
    partial.mkdir(mode=0o700)
    try:
        facts = fill(partial)
        files = {path.name: _described(path) for path in sorted(partial.iterdir())}
        manifest = Manifest(part, made_at.isoformat(), seq, files, facts)
        (partial / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        _reach_disk(partial / MANIFEST)
        _reach_disk(partial)
        partial.rename(home / name)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _reach_disk(home)
    return home / name


def read(source: Path) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a backup, given either; raises :class:`Unusable`."""
    folder = source.parent if source.name == MANIFEST else source
    try:
        return folder, Manifest(**json.loads((folder / MANIFEST).read_text()))
    except OSError:
        raise Unusable(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except (ValueError, TypeError):
        raise Unusable(f"The manifest of {folder} can't be read.") from None


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise :class:`Unusable` where a file of a backup isn't what the manifest says."""
    for name, said in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise Unusable(f"The backup lacks {name}.")
        if _described(path, sync=False) != said:
            raise Unusable(f"{name} was changed since the backup was made.")


def kept(home: Path) -> list[Path]:
    """Return the folders of the backups in ``home``, oldest first."""
    return sorted(path for path in home.glob("*Z") if (path / MANIFEST).is_file())


def rotate(home: Path, *, keep: timedelta) -> int:
    """Delete the backups that are older than ``keep``, and never the newest; returns how many."""
    limit = timezone.now() - keep
    old = [path for path in kept(home)[:-1] if made_at(path) < limit]
    for path in old:
        # The manifest goes first: half a backup is none.
        (path / MANIFEST).unlink()
        shutil.rmtree(path)
    return len(old)


def made_at(folder: Path) -> datetime:
    return datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)


def private(folder: Path) -> Path:
    """Return a folder for this user alone, made where there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def digest(path: Path) -> str:
    """Return the SHA-256 of a file (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _described(path: Path, *, sync: bool = True) -> dict[str, Any]:
    if sync:
        path.chmod(0o600)
        _reach_disk(path)
    return {"size": path.stat().st_size, "sha256": digest(path)}


def _reach_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _clear_unfinished(home: Path) -> None:
    # Backups of one deployment wait for each other: whatever is unfinished was left by a crash.
    for partial in home.glob(".*.partial"):
        shutil.rmtree(partial)
