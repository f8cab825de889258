"""The deployment's own keys: made once in the data folder, or given from outside."""

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet


def kept_once(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in this file, made first where there is none yet.

    The file has mode 600. Two processes that start together agree on one secret: the content is written
    aside and linked into place, which fails for the later one.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            Path(aside).unlink()
    return path.read_text().strip()


def kept_ring(path: Path, *, vault: dict[str, Any]) -> str:
    """Return the ring in this file, made for a new deployment only; raises ValueError where it was lost.

    A fresh ring would open nothing in the vault that is there, and what it sealed from now on would be lost
    when the old one comes back.
    """
    # Looked at first: a process that starts beside us makes the ring before the vault.
    has_vault = vault["ENGINE"].endswith("sqlite3") and Path(vault["NAME"]).exists()
    if has_vault and not path.exists():
        raise ValueError(f"{path} is missing, but the vault that it opens is there: put the ring back")
    return kept_once(path, new_ring)


def new_secret_key() -> str:
    """Return a fresh key for Django's signatures."""
    return secrets.token_urlsafe(64)


def new_ring() -> str:
    """Return a fresh key ring of one key."""
    return Fernet.generate_key().decode()


def parse_ring(text: str) -> list[str]:
    """Return the keys of a ring, newest first, from lines or a comma-separated text."""
    return checked_ring([key.strip() for key in text.replace(",", "\n").splitlines() if key.strip()])


def checked_ring(keys: Sequence[str]) -> list[str]:
    """Return the ring as a list, or raise ValueError without repeating a key.

    A base64 decoder stops at the padding, so two keys in one string would pass as one and the second would
    silently be lost: the length is checked before decoding.
    """
    if isinstance(keys, str):
        raise TypeError("a ring is a list of keys, not one text")
    if not keys:
        raise ValueError("holds no key")
    for position, key in enumerate(keys, 1):
        if not _is_fernet_key(key):
            raise ValueError(f"key {position} isn't 32 bytes in URL-safe base64 (44 characters)")
    if len(set(keys)) != len(keys):
        raise ValueError("holds the same key twice")
    return list(keys)


def _is_fernet_key(key: str) -> bool:
    if len(key) != 44 or not key.isascii() or "+" in key or "/" in key:
        return False
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
