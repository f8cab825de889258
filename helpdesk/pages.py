"""The page of an account's own site that a chat began on, as far as it may be kept."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from helpdesk.models import Account

LONGEST = 300  # of a path that is kept
READ = 4_000  # of what was sent
CUT = "…"  # stands for what could name somebody, or open something

_PAGE = re.compile(r"(https?://[^/?#\\@\s]+)(/[!-~]*)?")
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_PIECE = re.compile(r"[0-9A-Za-z]{16,}")
_NO_WORD = 40  # no language of a site's addresses has longer words


class HostPage(NamedTuple):
    """Where a frame stood: such as ``https://shop.example`` and ``/tea/``. Both are empty where unknown."""

    origin: str
    path: str

    def __str__(self) -> str:
        return self.origin + self.path


NO_PAGE = HostPage("", "")


def clean_page(text: str, account: Account) -> HostPage:
    """Return the page that a frame says it stands in, or :data:`NO_PAGE`.

    Only a page of a site that the account allows counts. What follows its question mark or hash is never
    kept, nor are parts of its path that hold an ``@`` or look like a key to something; what is longer than
    300 characters is cut.
    """
    found = _PAGE.match(re.split(r"[?#]", text[:READ], maxsplit=1)[0])
    if found is None or found.end() != len(found.string) or found[1].lower() not in account.origins:
        return NO_PAGE
    path = "/".join(map(_cleaned, (found[2] or "/").split("/")))
    return HostPage(found[1].lower(), path if len(path) <= LONGEST else path[: LONGEST - len(CUT)] + CUT)


def _cleaned(segment: str) -> str:
    """Return a part of a path without what a server writes behind a semicolon, such as its session."""
    plain = unquote(unquote(unquote(segment)))
    if set("@?#") & set(plain) or _UUID.search(plain) or any(map(_opens_something, _PIECE.findall(plain))):
        return CUT
    return CUT if ";" in plain and ";" not in segment else segment.partition(";")[0]


def _opens_something(piece: str) -> bool:
    return len(piece) > _NO_WORD or (not piece.isalpha() and not piece.isdigit())
