"""A text as the search sees it: the same length, digits and dashes of every script as those of ASCII."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

JOINER = "\x01"  # what nobody sees, such as a zero-width space; no form lets a text with it through
BLANK = "\x02"  # what is no part of anything
_MASKED = re.compile("•{4}(?: [0-9A-Z]{4})?")
_ADDRESSES = re.compile(r"https?://\S+|(?<![^\s<(,;])[^\s@]{1,64}@[^\s@]{1,255}")
_SIGNS = dict.fromkeys("\u00b7\u2022\u2219\u2027\u30fb\uff0e\u3002", ".") | {"\u2212": "-", "\ufe0f": JOINER}
_BY_CATEGORY = {"Zs": " ", "Zl": "\n", "Zp": "\n", "Pd": "-", "Cf": JOINER, "Cc": JOINER, "Me": JOINER}


def plain(text: str) -> str:
    """Return the text in the characters of ASCII as far as it goes, each in the place where it was.

    What was masked before is blanked: its last digits are no part of another number.
    """
    text = _blanked(_MASKED, text) if "••••" in text else text
    same = text if text.isascii() else "".join(map(_plain, text))
    return same.replace("\r", " ").replace("\t", " ")


def without_addresses(text: str) -> str:
    """Blank links and addresses of mail: the digits in them are no numbers that somebody typed."""
    return _blanked(_ADDRESSES, text)


def blanked(text: str, places: Iterable[tuple]) -> str:
    """Blank what was found already; ``places`` begin with a start and an end, in order or not."""
    characters = list(text)
    for start, end, *_rest in places:
        characters[start:end] = BLANK * (end - start)
    return "".join(characters)


def _blanked(what: re.Pattern[str], text: str) -> str:
    return what.sub(lambda found: BLANK * len(found[0]), text)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if character.isascii() or digit is not None:
        return character if digit is None else str(digit)
    folded = unicodedata.normalize("NFKC", character)
    return (
        _SIGNS.get(character)
        or _BY_CATEGORY.get(unicodedata.category(character))
        or (folded if len(folded) == 1 and folded.isascii() else character)
    )
