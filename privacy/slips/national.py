"""Numbers by which a state knows a person, in a text."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from privacy.slips.digits import Stretch
from privacy.slips.otherwise import is_named_otherwise
from privacy.slips.slip import NATIONAL, Slip
from privacy.slips.states import ANYWHERE, CODES_ANYWHERE, CODES_WITH_A_HINT, GROUPED, WITH_A_HINT, Kind

LENGTHS = frozenset({11, 12, 13, 15})
LENGTHS_WITH_A_HINT = LENGTHS | {9, 10}
BEFORE, BEHIND = 60, 40  # how far from a number the words may stand that say what it is
_HINTS = re.compile(
    r"(?<![^\W_])(?:(?i:"
    r"bsn|burgerservicenummer|sofinummer|rijksregister\w*|registre national|numéro national|niss|insz"
    r"|n(?:uméro|°|o)? ?(?:de )?(?:sécu\w*|sécurité sociale|ss)|sécurité sociale|nir|numéro fiscal|spi"
    r"|social (?:security|insurance)|ssn|national (?:id\w*|insurance|number|register)"
    r"|personal (?:id\w*|number|code)"
    r"|identity (?:card|number)|id card|citizen (?:id|number|card)|tax(?:payer)? ?(?:id\w*|number|no)|tin"
    r"|steuer-?id\w*|steuerliche\w* id\w*|idnr|steuernummer|sozialversicherungs?\w*|svnr"
    r"|versicherungsnummer|ahv\w*"
    r"|personalausweis\w*|ausweisnummer|personenkennz\w*"
    r"|dni|nif|documento (?:nacional )?de identidad|seguridad social|número de identi\w*"
    r"|identificación fiscal"
    r"|codice fiscale|tessera sanitaria|contribuinte|cartão de cidadão|número de identificação"
    r"|pesel|personnummer|personnr|samordningsnummer|henkilötunnus|hetu|cpr\w*|fødselsnummer|fødselsnr"
    r"|rodné číslo|rodne cislo|isikukood|asmens kodas|personas kods|egn|егн|cnp|cod numeric personal|oib"
    r"|em[sš]o|jmbg|amka|αμκα|αφμ|ppsn?|kennitala|matricule"
    r")|NIE|RČ|IK)(?![^\W_])"
)


def hints(text: str) -> list[int]:
    """Return where words stand that announce a national number, in order."""
    return [found.start() for found in _HINTS.finditer(text)]


def national_among(text: str, numbers: list[Stretch], hinted: list[int]) -> Stretch | None:
    """Return the national number among numbers that begin at one place, the longest, if one is."""
    return next((each for each in reversed(numbers) if _is_national(text, each, hinted)), None)


def national_codes(text: str, hinted: list[int]) -> Iterator[Slip]:
    """Yield the national numbers that have letters in them."""
    yield from _codes(text, CODES_ANYWHERE)
    if hinted:
        yield from (
            slip for slip in _codes(text, CODES_WITH_A_HINT) if _is_announced(hinted, slip.start, slip.end)
        )


def _codes(text: str, kinds: Iterable[Kind]) -> Iterator[Slip]:
    for kind in kinds:
        for found in kind.shape.finditer(text):
            if kind.is_valid(found[0].upper().replace(".", "").replace("\x01", "")):
                yield Slip(found.start(), found.end(), NATIONAL)


def _is_national(text: str, number: Stretch, hinted: list[int]) -> bool:
    if hinted and _passes(number.digits, WITH_A_HINT) and _is_announced(hinted, number.start, number.end):
        return True
    if not _passes(number.digits, ANYWHERE):
        return False
    if hinted and _is_announced(hinted, number.start, number.end):
        return True
    return _is_one_number(number) and not is_named_otherwise(text, number.begins_at)


def _is_one_number(number: Stretch) -> bool:
    """Tell whether the digits are written as such numbers are, and aren't the middle of a longer one."""
    return len(number.sizes) == 1 or number.is_broken or (number.is_whole and number.sizes in GROUPED)


def _passes(digits: str, kinds: Iterable[Kind]) -> bool:
    return any(kind.shape.fullmatch(digits) and kind.is_valid(digits) for kind in kinds)


def _is_announced(hinted: list[int], start: int, end: int) -> bool:
    place = bisect_left(hinted, start - BEFORE)
    return place < len(hinted) and hinted[place] <= end + BEHIND
