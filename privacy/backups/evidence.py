"""The ledger's mirror and its published heads as a part of a backup, each line and head copied once.

A backup holds the lines that came after those of the backup before it. So the whole grows like the ledger,
nothing in it is ever written over, and a mirror that was cut or rebuilt is noticed.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from privacy.backups.folders import Manifest, Unusable, kept, read, verify
from privacy.ledger import mirror
from privacy.ledger.canonical import GENESIS
from privacy.models import LedgerEntry
from privacy.routers import VAULT

LINES = "ledger.jsonl"
BROKEN = (
    "The ledger's mirror doesn't continue what was backed up before: run `python manage.py verify_ledger`."
)


def dump(home: Path, folder: Path) -> dict[str, Any]:
    """Write the new lines and heads into ``folder``; raises :class:`Unusable` for a mirror cut or rebuilt."""
    last, head, known = _so_far(home)
    with (folder / LINES).open("w") as written:
        for line in _lines_after(last, head):
            last, head = line["seq"], line["hash"]
            written.write(json.dumps(line, sort_keys=True) + "\n")
    for path in _heads():
        if path.name not in known:
            shutil.copyfile(path, folder / path.name)
    return {"last": last, "head": head}


def put_back(home: Path, folder: Path) -> int:
    """Write the mirror anew from the backups up to this one; returns its newest entry.

    Raises :class:`Unusable` where one of them was changed, or where the mirror that is here goes further.
    """
    chosen = [(each, read(each)[1]) for each in kept(home) if each.name <= folder.name]
    for each, manifest in chosen:
        verify(each, manifest)
    last = chosen[-1][1].facts["last"]
    if _newest_here() > last:
        raise Unusable("The ledger's mirror that is here goes further than the backup: nothing was put back.")
    aside = mirror.path().with_name(".restoring.jsonl")
    aside.parent.mkdir(parents=True, exist_ok=True)
    with aside.open("wb") as written:
        for line in _from_anchor(each / LINES for each, _ in chosen):
            written.write(line)
        written.flush()
        os.fsync(written.fileno())
    aside.replace(mirror.path())
    _put_heads_back(chosen)
    return last


def _so_far(home: Path) -> tuple[int, str, set[str]]:
    """Return the newest entry in the backups, its hash, and the names of the heads that they hold."""
    manifests = [read(folder)[1] for folder in kept(home)]
    names = {name for manifest in manifests for name in manifest.files}
    facts = manifests[-1].facts if manifests else {"last": 0, "head": GENESIS}
    return facts["last"], facts["head"], names


def _lines_after(last: int, head: str) -> Iterator[dict[str, Any]]:
    newest = 0
    try:
        for line, _offset in mirror.lines():
            newest = line["seq"]
            if newest < last or (newest, line["hash"]) == (last, head):
                continue
            # Without an earlier backup nothing is known of what stood before the first line.
            if last and (newest == last or line["prev"] != head):
                raise Unusable(BROKEN)
            last, head = newest, line["hash"]
            yield line
    except mirror.Unreadable:
        raise Unusable(BROKEN) from None
    if newest < last:
        raise Unusable(BROKEN)


def _newest_here() -> int:
    try:
        return max((line["seq"] for line, _offset in mirror.lines()), default=0)
    except mirror.Unreadable:
        return 0  # it is damaged, and that is why a backup is put back


def _from_anchor(files: Iterator[Path]) -> Iterator[bytes]:
    """Yield the lines without those whose term ended since: the vault's ledger begins after them."""
    oldest = 0
    if LedgerEntry._meta.db_table in connections[VAULT].introspection.table_names():
        oldest = LedgerEntry.objects.order_by("seq").values_list("seq", flat=True).first() or 0
    for path in files:
        with path.open("rb") as lines:
            yield from (line for line in lines if json.loads(line)["seq"] >= oldest)


def _heads() -> list[Path]:
    return sorted(Path(settings.LETHE_HEADS_DIR).glob("*.json"))


def _put_heads_back(chosen: list[tuple[Path, Manifest]]) -> None:
    for folder, manifest in chosen:
        for name in manifest.files:
            place = Path(settings.LETHE_HEADS_DIR) / name
            if name != LINES and not place.exists():
                shutil.copyfile(folder / name, place)
