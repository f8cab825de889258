"""The one form in which an entry is hashed, and the rule that keeps personal data out of it."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

GENESIS = "0" * 64
_PLAIN = re.compile(r"[A-Za-z0-9_.:+\-]{0,128}")


def checked(params: dict[str, Any]) -> dict[str, Any]:
    """Return ``params`` as JSON values; raises :class:`ValueError` for what could hold a person's words.

    Allowed are numbers, booleans, ``None``, UUIDs, datetimes, codes without spaces or ``@``, and lists of
    those.
    """
    return {_plain(name): _value(name, value) for name, value in params.items()}


def _value(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, list | tuple):
        return [_value(name, item) for item in value]
    if isinstance(value, str):
        return _plain(value, name)
    raise ValueError(f"The ledger takes no {type(value).__name__} ({name}).")


def _plain(text: str, name: str = "name") -> str:
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"The ledger takes codes and numbers only, no free text ({name}).")
    return text


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link(
    *, seq: int, uid: UUID, at: datetime, account_id: int | None, action: str, params: dict, prev: str
) -> str:
    """Return the SHA-256 hash (hex) that chains an entry to the one before it."""
    content = {
        "account": account_id,
        "action": action,
        "at": stamp(at),
        "params": params,
        "prev": prev,
        "seq": seq,
        "uid": uid.hex,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def link_of(entry: Any) -> str:
    """Return the hash that an entry has to have behind the one that it names."""
    return link(
        seq=entry.seq,
        uid=entry.uid,
        at=entry.at,
        account_id=entry.account_id,
        action=entry.action,
        params=entry.params,
        prev=entry.prev_hash,
    )
