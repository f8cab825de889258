"""The sealed files as a part of a backup: each is copied once, since what is under a name never changes.

A backup is a list of names; the files lie in one pool beside the lists, and leave it with the last list that
names them.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.base import File

from privacy.backups.folders import CHUNK, Unusable, digest, kept, private
from privacy.encryption.files import sealed_storage, stored_files

LIST = "files.jsonl"
POOL = "pool"
NAME = re.compile(r"[0-9a-f]{2}/[0-9A-Za-z_]{32,64}")


class Copy(NamedTuple):
    """A file in the pool."""

    name: str
    size: int
    sha256: str


def dump(home: Path, folder: Path) -> dict[str, Any]:
    """Copy what the pool of ``home`` lacks and list what is stored; files erased meanwhile are left out."""
    known = {copy.name: copy for copy in _listed(kept(home)[-1])} if kept(home) else {}
    count = size = 0
    with (folder / LIST).open("w") as names:
        for name in stored_files():
            copy = known.get(name) or _copied(home / POOL, name)
            if copy and NAME.fullmatch(name):
                names.write(json.dumps(copy._asdict()) + "\n")
                count, size = count + 1, size + copy.size
    return {"stored": count, "stored_bytes": size}


def put_back(home: Path, folder: Path) -> int:
    """Store again what is listed and not stored; returns how many. Raises :class:`Unusable`."""
    storage, restored = sealed_storage(), 0
    for copy in _listed(folder):
        if not NAME.fullmatch(copy.name):
            raise Unusable("The backup lists a file under a name that is none of ours.")
        if storage.exists(copy.name):
            continue
        path = home / POOL / copy.name
        if not path.is_file() or digest(path) != copy.sha256:
            raise Unusable(f"The file {copy.name} is missing in the backup, or was changed.")
        with path.open("rb") as content:
            storage.save(copy.name, File(content))
        restored += 1
    return restored


def drop_unlisted(home: Path) -> None:
    """Take out of the pool what no backup lists any more: erased files follow once the rotation is over."""
    listed = {copy.name for folder in kept(home) for copy in _listed(folder)}
    for path in (home / POOL).glob("*/*"):
        if f"{path.parent.name}/{path.name}" not in listed:
            path.unlink()


def _listed(folder: Path) -> Iterator[Copy]:
    with (folder / LIST).open() as names:
        for line in names:
            yield Copy(**json.loads(line))


def _copied(pool: Path, name: str) -> Copy | None:
    path = pool / name
    private(path.parent)
    aside, hashed = path.with_name(f".{path.name}"), hashlib.sha256()
    try:
        with sealed_storage().open(name) as stored, open(aside, "wb", opener=_for_us) as copy:
            while chunk := stored.read(CHUNK):
                hashed.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
    except FileNotFoundError:
        return None
    aside.rename(path)
    return Copy(name, path.stat().st_size, hashed.hexdigest())


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
