"""Numbers of payment cards: what a brand gives out, with Luhn's check digit; and the codes beside them."""

import re
from collections.abc import Iterator

from stdnum import luhn

from privacy.slips.digits import Stretch
from privacy.slips.otherwise import is_named_otherwise
from privacy.slips.slip import CARD, Slip

# By length and prefix, as the brands publish them. Visa's cards of thirteen digits are long gone, and would
# make cards of telephone numbers; of nineteen there are so few that most of what looks like one is a parcel.
_BRANDS = {
    14: re.compile("30[0-5]|309|36|38|39"),  # Diners Club
    15: re.compile("3[47]"),  # American Express
    16: re.compile(
        "4"  # Visa
        "|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"  # Mastercard
        "|6011|64[4-9]|65|62|352[89]|35[3-8]|220[0-4]"  # Discover and RuPay, UnionPay, JCB, Mir
        "|5018|5019|5020|5038|5893|6304|6725|6759|676[1-3]"  # Maestro, Dankort, Girocard
    ),
    18: re.compile("5018|5020|5038|5893|6304|6725|6759|676[1-3]"),
    19: re.compile("62|5018|5020|5038|5893|6304|6725|6759|676[1-3]"),
}
LENGTHS = frozenset(_BRANDS)
_GROUPED = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4)}
NEAR = 60
_CARD_NAMES = re.compile(
    r"(?<![^\W_])(?:cards?|credit|debit|visa|master ?card|amex|american express|maestro|pan|girocard"
    r"|(?:kredit|bank)?karten?(?:nummer)?|carte|cb|tarjeta|carta)(?![^\W_])",
    re.IGNORECASE,
)
_CODE_NAMES = (
    "cvv2?|cvc2?|csc|security code|card code|verification (?:value|code)|prüfziffer|(?:karten)?prüfnummer"
    "|sicherheitscode|kartencode|cryptogramme(?: visuel)?|code de sécurité|c[óo]digo de seguridad"
)
_IS = r"[ \n]{0,2}(?:[:=#]|is|ist|lautet|est|es)?[ \n]{0,2}"
_CODE = re.compile(rf"(?<![^\W\d_])(?:{_CODE_NAMES}){_IS}([0-9]{{3,4}})(?![0-9])", re.IGNORECASE)
# Behind a card: when it expires, in a few of its spellings, and then the code.
_BEHIND = re.compile(
    r"[ ,;/|\n-]{1,3}(?:(?:exp\w{0,8}|valid\w{0,4}|gültig\w{0,4})[ .:]{0,3})?"
    r"(?:(?:0[1-9]|1[0-2])[ ]?[/|.-]?[ ]?(?:20)?[2-4][0-9][ ,;/|\n-]{1,3})?"
    r"([0-9]{3})(?![0-9]|[ ]?(?:[€$£%]|eur|usd|gbp|chf|kr)|[.,][0-9])",
    re.IGNORECASE,
)


def cards_among(text: str, numbers: list[Stretch]) -> list[Stretch]:
    """Return the cards among numbers that begin at one place, the shortest first."""
    return [each for each in numbers if _is_card(text, each)]


def slips_of(text: str, found: list[Stretch]) -> Iterator[Slip]:
    """Yield a card, of which the last four digits may stay, and the code that follows it.

    Where it could end in two places nothing stays: the last digits of the longer one may be the code.
    """
    card = found[-1]
    yield Slip(card.start, card.end, CARD, card.digits[-4:] if len(found) == 1 else "")
    if code := _BEHIND.match(text, card.end):
        yield Slip(*code.span(1), CARD)


def codes(text: str) -> Iterator[Slip]:
    """Yield the security codes that somebody names."""
    for found in _CODE.finditer(text):
        yield Slip(*found.span(1), CARD)


def _is_card(text: str, number: Stretch) -> bool:
    if not _has_a_brand(number.digits):
        return False
    if not (number.is_regular or number.sizes in _GROUPED) or len(set(number.digits)) == 1:
        return False
    if _CARD_NAMES.search(text, max(0, number.start - NEAR), number.start):
        return True
    return _is_one_number(number) and not _is_something_else(text, number)


def _has_a_brand(digits: str) -> bool:
    brand = _BRANDS.get(len(digits))
    return brand is not None and brand.match(digits) is not None and luhn.is_valid(digits)


def _is_one_number(number: Stretch) -> bool:
    """Tell whether these digits belong together, and aren't some of a list or of a longer number."""
    if number.is_whole or len(number.sizes) == 1:
        return True
    if number.sizes != (4, 4, 4, 4):
        return number.sizes in _GROUPED
    return all(map(_has_a_brand, number.alike() or [""]))


def _is_something_else(text: str, number: Stretch) -> bool:
    is_written_as_a_card = number.sizes in _GROUPED and number.is_whole
    return not is_written_as_a_card and is_named_otherwise(text, number.begins_at)
