"""Files that people send: each sealed under a key of its own, named so that saving them hurts nobody."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple, cast
from uuid import UUID

from django.core.files import File

from helpdesk.models import TicketFile, TicketMessage
from helpdesk.models.stored_file import StoredFile
from privacy import vault
from privacy.encryption.files import read_file, store_file
from privacy.models import DataKey

NAME_LIMIT = 120
# Control characters, what turns or hides text, halves of characters, private and unassigned ones.
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Names that Windows keeps for devices, whatever follows the first dot.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class SealedFile(NamedTuple):
    """A file that is sealed and stored, and waits for its row."""

    key_id: UUID
    name: str
    stored_as: str
    size: int


def clean_name(name: str) -> str:
    """Return a file name that is shown and saved safely: no path, no hidden or turned letters, never empty.

    Everything is checked after normalisation, since that is what makes some characters dangerous.
    """
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c for c in text if unicodedata.category(c) not in INVISIBLE)
    text = unicodedata.normalize("NFKC", text)  # what stood apart may be neighbours now
    text = re.split(r"[/\\]", text)[-1]
    text = re.sub(r'[<>:"|?*]', "_", text)
    text = re.sub(r"\s+", " ", text).strip(". ")
    if DEVICES.match(text):
        text = f"_{text}"
    return _shortened(text) or "file"


def _shortened(name: str) -> str:
    suffix = PurePosixPath(name).suffix[:20]
    if len(name) <= NAME_LIMIT:
        return name
    return name[: NAME_LIMIT - len(suffix)].rstrip(". ") + suffix.rstrip(". ")


def seal_files(files: Sequence[File], *, account_id: int) -> list[SealedFile]:
    """Seal files, each under a key of its own, and return what their rows have to say.

    What is stored so and gets no row is swept an hour later, like its key.
    """
    if not files:
        return []
    keys = vault.create_keys(kind=DataKey.Kind.FILE, account_id=account_id, count=len(files))
    opened = vault.open_keys(keys)
    return [
        SealedFile(
            key_id=key_id,
            name=clean_name(file.name or ""),
            stored_as=store_file(cast("bytes", opened[key_id]), file.chunks()),
            size=file.size or 0,
        )
        for key_id, file in zip(keys, files, strict=True)
    ]


def store_files(message: TicketMessage, files: Sequence[File]) -> list[TicketFile]:
    """Seal files with a message, each under a key of its own, in the caller's transaction.

    If that rolls back, what was stored has no row and is swept.
    """
    if not files or message.sealing_keys[message.key_id] is None:
        return []
    return [
        TicketFile.objects.create(
            account_id=message.account_id, ticket_id=message.ticket_id, message=message, **sealed._asdict()
        )
        for sealed in seal_files(files, account_id=message.account_id)
    ]


def content_of(file: StoredFile) -> bytes:
    """Return a file's content, whole: what was changed on the disk is never sent, not even its beginning.

    Raises :class:`FileNotFoundError` where it was erased.
    """
    key = file.sealing_keys[file.key_id]
    if key is None:
        raise FileNotFoundError(file.stored_as)
    return b"".join(read_file(key, file.stored_as))
