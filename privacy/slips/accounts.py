"""Numbers of bank accounts: the country's length and structure, and the check digits of ISO 13616."""

import re
from collections.abc import Iterator
from functools import cache

from stdnum import iban, numdb

from privacy.slips.slip import IBAN, Slip

_START = re.compile(r"(?<![^\W_])(?:IBAN[ :.#=]{0,4})?(?P<number>[A-Z]{2}[0-9]{2})", re.IGNORECASE)
_NAMED = re.compile(
    r"(?<![^\W_])IBAN\W{0,12}(?:is|ist|est|es|lautet)?\W{0,3}(?P<number>[A-Z]{2}\W{0,2}[0-9]{2})",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[ \x01\n.>_-]{0,4}")
_SIZE = re.compile(r"(\d+)!")
_CHARACTER = re.compile("[0-9A-Za-z]")


@cache
def length_of(country: str) -> int:
    """Return how many characters the accounts of a country have; none where it has no IBAN."""
    known = numdb.get("iban").info(country)[0][1]
    return 4 + sum(map(int, _SIZE.findall(known["bban"]))) if known else 0


def accounts(text: str) -> Iterator[Slip]:
    """Yield the account numbers in a plain text, whatever stands between their characters."""
    end = 0
    starts = {found.start("number") for which in (_START, _NAMED) for found in which.finditer(text)}
    for start in sorted(starts):
        slip = _account(text, start) if start >= end else None
        while slip:  # another one may follow without a space
            yield slip
            end = slip.end
            slip = _account(text, end)


def _account(text: str, start: int) -> Slip | None:
    country = text[start : start + 2].upper()
    length = length_of(country) if country.isascii() and country.isalpha() else 0
    number, place = "", start
    while len(number) < length:
        if not _CHARACTER.match(text, place):
            gap = _BETWEEN.match(text, place)
            place = gap.end() if gap else place
            if not _CHARACTER.match(text, place):
                return None
        number += text[place].upper()
        place += 1
    # Of some countries stdnum checks the banks' own digits too; accounts outlive those lists.
    if not number or not iban.is_valid(number, check_country=False):
        return None
    return Slip(start, place, IBAN, number[-4:])
