"""Files at rest: sealed under the key of the thing they belong to, under names that say nothing."""

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.module_loading import import_string

from privacy.encryption.errors import Tampered

CHUNK = 64 * 1024
MAGIC = b"LF1\n"


@lru_cache(maxsize=1)
def sealed_storage() -> Storage:
    """Return where sealed files are kept: any Django storage; a folder of the data directory by default."""
    backend = getattr(settings, "LETHE_FILES_STORAGE", "")
    if backend:
        return import_string(backend)()
    return FileSystemStorage(location=settings.LETHE_FILES_DIR, file_permissions_mode=0o600)


def store_file(data_key: bytes, chunks: Iterable[bytes]) -> str:
    """Seal a file and return the random name under which it is stored."""
    name = f"{secrets.token_hex(1)}/{secrets.token_hex(16)}"
    return sealed_storage().save(name, ContentFile(b"".join(_sealed(data_key, name, chunks))))


def read_file(data_key: bytes, name: str) -> Iterator[bytes]:
    """Yield a file's content; raises :class:`Tampered` where it was changed, cut or moved."""
    with sealed_storage().open(name) as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Tampered(f"File {name} is not sealed.")
        prefix, index, last = file.read(8), 0, False
        while not last:
            header = file.read(5)
            if len(header) < 5:
                raise Tampered(f"File {name} was cut.")
            size, last = struct.unpack(">I?", header)
            try:
                place = _place(name, last)
                yield AESGCM(data_key).decrypt(prefix + struct.pack(">I", index), file.read(size), place)
            except InvalidTag as error:
                raise Tampered(f"File {name} was changed.") from error
            index += 1
        if file.read(1):
            raise Tampered(f"File {name} was lengthened.")


def delete_file(name: str) -> None:
    """Delete a stored file; one that is gone already is fine."""
    sealed_storage().delete(name)


def stored_files() -> Iterator[str]:
    """Yield the name of every stored file."""
    storage = sealed_storage()
    if isinstance(storage, FileSystemStorage) and not Path(storage.location).exists():
        return
    for folder in storage.listdir("")[0]:
        yield from (f"{folder}/{name}" for name in storage.listdir(folder)[1])


def _sealed(data_key: bytes, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    prefix = os.urandom(8)
    yield MAGIC + prefix
    pieces = list(_pieces(chunks))
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        body = AESGCM(data_key).encrypt(prefix + struct.pack(">I", index), piece, _place(name, last))
        yield struct.pack(">I?", len(body), last) + body


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > CHUNK:
            yield buffer[:CHUNK]
            buffer = buffer[CHUNK:]
    yield buffer


def _place(name: str, last: bool) -> bytes:
    return f"{name}|{'last' if last else 'more'}".encode()
