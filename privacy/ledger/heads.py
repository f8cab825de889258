"""Heads of the ledger as documents: whoever keeps one can hold every later chain against it."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.utils import timezone

from privacy.ledger.anchors import Anchor, newest_anchor
from privacy.ledger.canonical import stamp
from privacy.ledger.chain import last_entry
from privacy.ledger.signing import fingerprint, is_signed, signing_key
from privacy.models import LedgerEntry

PUBLISHED = "head.published"
WRITTEN_WITHIN = timedelta(minutes=1)
NAME = re.compile(r"head-(\d+)-")
FIELDS = {"seq": int, "hash": str, "at": str, "entries": int, "key": str, "signature": str}


class EmptyLedger(Exception):
    """There is no entry, so there is no head."""


class Head(NamedTuple):
    """A head as somebody kept it; ``problem`` says why it can't be relied on."""

    seq: int
    hash: str
    at: str
    problem: str = ""


UNREADABLE = Head(0, "", "", "a published head can't be read")


def head_document(entry: LedgerEntry | None = None) -> dict[str, Any]:
    """Return a signed head at an entry, the newest by default.

    ``entries`` counts from the anchor of the chain; ``key`` is the fingerprint of the public key. Raises
    :class:`EmptyLedger`.
    """
    entry = entry or last_entry()
    if entry is None:
        raise EmptyLedger("The ledger has no entry yet.")
    key = signing_key()
    document = {
        "seq": entry.seq,
        "hash": entry.hash,
        "at": stamp(entry.at),
        "entries": entry.seq - newest_anchor().seq,
        "key": fingerprint(key.public_key()),
    }
    return document | {"signature": key.sign(signed_text(document).encode()).hex()}


def signed_text(document: dict[str, Any]) -> str:
    """Return the text that the signature of a head is made of."""
    return "lethe head {seq} {hash} {at} {entries} {key}".format_map(document)


class PublishedHeads:
    """Heads kept in folders, held against the entries while these are walked."""

    def __init__(self, folders: Iterable[Path], *, after: int, key: Ed25519PublicKey, known: int = 0) -> None:
        """Read the heads; those of entries up to ``known`` were compared before and stay closed."""
        self._after: dict[int, list[Head]] = {}
        self._before: list[Head] = []
        for head in _read(folders, known, key):
            if head.seq > after:
                self._after.setdefault(head.seq, []).append(head)
            else:
                self._before.append(head)

    def problem(self, entry: LedgerEntry) -> str:
        """Return what is wrong between an entry and the heads that name it, or nothing."""
        for head in self._after.pop(entry.seq, ()):
            if head.problem:
                return head.problem
            if head.hash != entry.hash:
                return "a published head names another entry here"
        return ""

    def missed(self) -> int | None:
        """Return the first entry (its number) that a head names and the walk didn't reach, or ``None``."""
        return min(self._after, default=None)

    def problem_before(self, anchor: Anchor) -> str:
        """Return what is wrong between older heads and the anchor of the chain, or nothing.

        What they name is gone, so only its place and its age can be compared.
        """
        for head in self._before:
            if head.problem:
                return head.problem
            if head.seq == anchor.seq and head.hash != anchor.hash:
                return "a published head names another entry than the anchor"
            if anchor.until and head.seq <= anchor.seq and head.at >= stamp(anchor.until):
                return "an entry that a published head names was cut before its term"
        return ""


def heads_folder() -> Path:
    return Path(settings.LETHE_HEADS_DIR)


def lost_head(limit: int) -> LedgerEntry | None:
    """Return the entry of the newest head up to ``limit`` if its file is not in the folder any more.

    A file is written right after its entry, so one of the last minute is let be.
    """
    newest = LedgerEntry.objects.filter(action=PUBLISHED, seq__lte=limit).order_by("-seq").first()
    if newest is None or newest.at > timezone.now() - WRITTEN_WITHIN:
        return None
    if (heads_folder() / file_name({"seq": newest.seq, "hash": newest.hash})).exists():
        return None
    return newest


def file_name(document: dict[str, Any]) -> str:
    """Return a name of its own for each head: a rebuilt chain overwrites nothing."""
    return f"head-{document['seq']:012d}-{document['hash'][:16]}.json"


def _read(folders: Iterable[Path], known: int, key: Ed25519PublicKey) -> Iterator[Head]:
    ours = fingerprint(key)
    for path in (path for folder in folders for path in sorted(folder.glob("*.json"))):
        named = NAME.match(path.name)
        if named and int(named[1]) <= known:
            continue
        try:
            text = path.read_bytes()
        except OSError:
            yield UNREADABLE
            continue
        if text:  # an empty one is being written at this moment
            yield _head(text, ours, key)


def _head(text: bytes, ours: str, key: Ed25519PublicKey) -> Head:
    try:
        document = json.loads(text)
        if any(type(document[name]) is not kind for name, kind in FIELDS.items()):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        return UNREADABLE
    head = Head(document["seq"], document["hash"], document["at"])
    if document["key"] != ours or not is_signed(signed_text(document), document["signature"], key=key):
        return head._replace(problem="a published head is not signed with the key of this ledger")
    return head
