"""Write the ledger into one file that anybody can verify without us."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from privacy.ledger.anchors import newest_anchor
from privacy.ledger.chain import append, last_entry
from privacy.ledger.heads import head_document
from privacy.ledger.mirror import as_line
from privacy.ledger.signing import public_key_pem
from privacy.models import LedgerEntry

EXPORTED = "ledger.exported"


class NothingThere(ValueError):
    """The ledger has no entry behind the one that the export is to begin after."""


def export_ledger(path: Path, *, since: int = 0) -> LedgerEntry:
    """Write the entries behind ``since`` into a file and return the entry that says so, the last in the file.

    ``since`` moves up to the anchor of the chain. Memory stays flat. The file is there as a whole or not at
    all, for this user only; an older one of this name is replaced. Raises :class:`NothingThere` and
    ``OSError``.
    """
    since = max(since, newest_anchor().seq)
    last = last_entry()
    if last is None or last.seq <= since:
        raise NothingThere(f"The ledger has no entry behind {since}.")
    unfinished = path.with_name(f".{path.name}.part")
    with open(unfinished, "w", opener=_private) as file:  # before anything is said in the ledger
        exported = append(EXPORTED, since=since, entries=last.seq - since)
        file.writelines(_document(exported, since))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return exported


def _document(exported: LedgerEntry, since: int) -> Iterator[str]:
    beginning = {
        "kind": "ledger",
        "number": exported.seq,
        "summary": {"since": since},
        "head": head_document(exported),
        "public_key": public_key_pem(),
    }
    yield json.dumps(beginning).removesuffix("}") + ', "entries": ['
    between = "\n"
    entries = LedgerEntry.objects.filter(seq__gt=since, seq__lte=exported.seq).order_by("seq")
    for entry in entries.iterator():
        yield between + json.dumps(as_line(entry), sort_keys=True)
        between = ",\n"
    yield "\n]}\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
