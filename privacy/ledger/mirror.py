"""The ledger's mirror: an append-only file with backups of its own.

Keys want short backups, evidence wants long ones.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from privacy.ledger.canonical import stamp
from privacy.models import LedgerEntry

TAIL_BYTES = 256 * 1024
LAG_SECONDS = 2.0  # lines are written right after the commit: whoever is still about to has finished by then
YOUNG = timedelta(minutes=1)


class Unreadable(Exception):
    """A line of the file is not one of ours."""


def path() -> Path:
    return Path(settings.LETHE_LEDGER_DIR) / "ledger.jsonl"


def catch_up() -> bool:
    """Write the committed entries that the file lacks; tells whether a file with old entries was gone.

    May run in several processes.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    with _held(path()) as file:
        known = _end(file)
        entries = LedgerEntry.objects.filter(seq__gt=known).order_by("seq")
        was_gone = not known and entries.filter(at__lt=timezone.now() - YOUNG).exists()
        file.writelines(_written(entry) for entry in entries.iterator())
        file.flush()
        os.fsync(file.fileno())
    return was_gone


def cut(seq: int) -> None:
    """Take the entries up to this one off the file's front; a crash leaves the old file, or the new one.

    Others go on writing while the rest is copied. Raises :class:`Unreadable`.
    """
    if not _begins_before(seq):
        return
    unfinished = path().with_suffix(".cut")
    with _held(unfinished) as new:
        new.truncate(0)
        offset = _offset_behind(seq)
        offset += _copy(new, offset)
        os.fsync(new.fileno())
        with _held(path()) as old:
            _end(old)
            _copy(new, offset)
            os.fsync(new.fileno())
            unfinished.replace(path())
            _sync_folder()


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


def lines(offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the mirrored entries, oldest first, each with the offset at which the next one begins.

    A line that is being written at this moment is left out. Raises :class:`Unreadable`.
    """
    if path().exists():
        with open(path(), "rb") as file:
            file.seek(offset)
            for line in file:
                if line.endswith(b"\n"):
                    offset += len(line)
                    yield _parsed(line), offset


def reaches(seq: int) -> bool:
    """Tell whether the file has this entry, after a moment for those who are about to write it.

    Raises :class:`Unreadable`.
    """
    give_up_at = time.monotonic() + LAG_SECONDS
    while (behind := _newest() < seq) and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return not behind


def falls_short_of(seq: int) -> bool:
    """Tell whether a file that is there and can be read lacks this entry."""
    try:
        return path().exists() and not reaches(seq)
    except Unreadable:
        return False


@contextmanager
def _held(where: Path) -> Iterator[IO[bytes]]:
    """Open a file to read and add to, for one process at a time; made where it doesn't exist.

    Whoever waited for a file that was replaced meanwhile gets the new one.
    """
    while True:
        with open(where, "ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _stands_at(file, where):
                yield file
                return


def _stands_at(file: IO[bytes], where: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), where.stat())
    except FileNotFoundError:
        return False


def _sync_folder() -> None:
    """Let a renamed file be there after a power cut, too."""
    folder = os.open(path().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _begins_before(seq: int) -> bool:
    """Tell whether the first line is of this entry or an earlier one."""
    return any(line["seq"] <= seq for line, _ in islice(lines(), 1))


def _offset_behind(seq: int) -> int:
    """Return where the first line behind this entry begins."""
    behind = 0
    for line, offset in lines():
        if line["seq"] > seq:
            break
        behind = offset
    return behind


def _copy(new: IO[bytes], offset: int) -> int:
    """Add the whole lines from an offset on to another file and return how many bytes that were."""
    copied = 0
    with open(path(), "rb") as old:
        old.seek(offset)
        for line in old:
            if line.endswith(b"\n"):
                new.write(line)
                copied += len(line)
    new.flush()
    return copied


def _newest() -> int:
    if not path().exists():
        return 0
    with open(path(), "rb") as file:
        return _tail(file)[0]


def _end(file: IO[bytes]) -> int:
    """Return the last whole entry; a line that a crash cut short is taken off and written again."""
    seq, torn = _tail(file)
    if torn:
        file.truncate(file.seek(0, os.SEEK_END) - torn)
    return seq


def _tail(file: IO[bytes]) -> tuple[int, int]:
    """Return the last whole entry, 0 where there is none, and how many bytes stand after it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    whole, newline, torn = file.read().rpartition(b"\n")
    last = whole.rpartition(b"\n")[2]
    return (_parsed(last)["seq"] if newline else 0), len(torn)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
        if isinstance(parsed["seq"], int) and isinstance(parsed["hash"], str):
            return parsed
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Unreadable("A line of the ledger's mirror can't be read.")


def _written(entry: LedgerEntry) -> bytes:
    return json.dumps(as_line(entry), sort_keys=True).encode() + b"\n"
