"""Numbers for the tests of slips: valid ones, made with check digits, and the ways in which people type."""

import re
from collections.abc import Callable
from random import Random

from hypothesis import strategies as st
from stdnum import iban, luhn, numdb, verhoeff

from privacy.slips import states

BRANDS = [
    ("4", 16),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("65", 16),
    ("36", 14),
    ("305", 14),
    ("3528", 16),
    ("3589", 16),
    ("62", 16),
    ("62", 19),
    ("6759", 18),
    ("6759", 19),
    ("5019", 16),
    ("2204", 16),
]
COUNTRIES = ["AT", "BE", "CY", "DE", "ES", "FI", "FR", "GB", "IE", "IS", "IT", "MT", "NL", "NO", "PL", "SE"]
# Of Europe, Arabia and India, and as wide as a Chinese character.
DIGITS = ["".join(chr(zero + digit) for digit in range(10)) for zero in (0x30, 0x660, 0x966, 0xFF10)]
SPACES = ["", " ", "-", " - ", ".", "\u00a0", "\u2009", "\u200b", "\u2011", "\n"]


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def _day(random: Random) -> tuple[str, str, str]:
    return f"{random.randint(1, 28):02}", f"{random.randint(1, 12):02}", f"{random.randint(60, 99):02}"


def _dmy(random: Random) -> str:
    return "".join(_day(random))


def _ymd(random: Random) -> str:
    return "".join(reversed(_day(random)))


def _letters(random: Random, count: int) -> str:
    return "".join(random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(count))


# How a number of each state is begun; the rest is drawn until its check digits are right.
Draw = Callable[[Random], str]
NATIONAL_ANYWHERE: dict[str, tuple[Draw, Callable[[str], bool]]] = {
    "fr": (
        lambda r: r.choice("12") + _ymd(r)[:4] + f"{r.randint(1, 95):02}" + _digits(r, 8),
        states.nir.is_valid,
    ),
    "fr-corsica": (lambda r: "1" + _ymd(r)[:4] + r.choice(["2A", "2B"]) + _digits(r, 8), states.nir.is_valid),
    "be": (lambda r: _ymd(r) + _digits(r, 5), states.nn.is_valid),
    "no": (lambda r: _dmy(r) + _digits(r, 5), states.fodselsnummer.is_valid),
    "se": (lambda r: "19" + _ymd(r) + _digits(r, 4), states.personnummer.is_valid),
    "ch": (lambda r: "756" + _digits(r, 10), states.ssn.is_valid),
    "fi": (lambda r: _dmy(r) + "-" + _digits(r, 3) + r.choice("0123456789ABCDEF"), states.hetu.is_valid),
    "it": (
        lambda r: (
            _letters(r, 6)
            + _digits(r, 2)
            + r.choice("ABCDEHLMPRST")
            + f"{r.randint(1, 28):02}"
            + _letters(r, 1)
            + _digits(r, 3)
            + _letters(r, 1)
        ),
        states.codicefiscale.is_valid,
    ),
}
NATIONAL_NAMED: dict[str, tuple[str, Draw, Callable[[str], bool]]] = {
    "nl": ("mijn BSN is", lambda r: _digits(r, 9), states.bsn.is_valid),
    "de": ("Meine Steuer-ID:", lambda r: _digits(r, 11), states.idnr.is_valid),
    "at": ("Sozialversicherungsnummer", lambda r: _digits(r, 4) + _dmy(r), states.vnr.is_valid),
    "es": ("mi DNI es", lambda r: _digits(r, 8) + _letters(r, 1), states.dni.is_valid),
    "es-foreign": ("NIE:", lambda r: r.choice("XYZ") + _digits(r, 7) + _letters(r, 1), states.nie.is_valid),
    "pl": ("PESEL", lambda r: _ymd(r) + _digits(r, 5), states.pesel.is_valid),
    "pt": ("NIF", lambda r: _digits(r, 9), states.nif.is_valid),
    "se-short": ("personnummer", lambda r: _ymd(r) + _digits(r, 4), states.personnummer.is_valid),
    "dk": ("CPR-nr", lambda r: _dmy(r) + "0" + _digits(r, 3), states.cpr.is_valid),
    "cz": ("rodné číslo", lambda r: _ymd(r) + _digits(r, 4), states.rc.is_valid),
    "bg": ("ЕГН", lambda r: _ymd(r) + _digits(r, 4), states.egn.is_valid),
    "ro": ("CNP", lambda r: "1" + _ymd(r) + "12" + _digits(r, 4), states.cnp.is_valid),
    "ee": ("isikukood", lambda r: "3" + _ymd(r) + _digits(r, 4), states.ik.is_valid),
    "lt": ("asmens kodas", lambda r: "4" + _ymd(r) + _digits(r, 4), states.asmens.is_valid),
    "lv": ("personas kods", lambda r: _dmy(r) + "1" + _digits(r, 4), states.pvn.is_valid),
    "hr": ("OIB", lambda r: _digits(r, 11), states.oib.is_valid),
    "si": ("EMŠO", lambda r: _dmy(r)[:4] + "9" + _dmy(r)[4:] + _digits(r, 6), states.emso.is_valid),
    "gr": ("AMKA", lambda r: _dmy(r) + _digits(r, 5), states.amka.is_valid),
    "ie": ("my PPS number is", lambda r: _digits(r, 7) + _letters(r, 1), states.pps.is_valid),
    "is": ("kennitala", lambda r: _dmy(r) + _digits(r, 3) + "9", states.kennitala.is_valid),
    "ssn-fr": ("mon numéro de sécurité sociale est", *NATIONAL_ANYWHERE["fr"]),
}


def national(random: Random, draw: Draw, is_valid: Callable[[str], bool]) -> str:
    """Return a number that passes the check of its state."""
    while not is_valid(number := draw(random)):
        pass
    return number


@st.composite
def cards(draw) -> str:
    prefix, length = draw(st.sampled_from(BRANDS))
    rest = draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return prefix + rest + luhn.calc_check_digit(prefix + rest)


@st.composite
def ibans(draw) -> str:
    country = draw(st.sampled_from(COUNTRIES))
    kinds = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "0123456789ABCDEFGHIJ"}
    bank = "".join(
        draw(st.text(kinds[kind], min_size=int(size), max_size=int(size)))
        for size, kind in re.findall(r"(\d+)!([nac])", numdb.get("iban").info(country)[0][1]["bban"])
    )
    return country + iban.calc_check_digits(f"{country}00{bank}") + bank


@st.composite
def typed(draw, numbers) -> tuple[str, str]:
    """Draw a number and the way somebody types it: in fours with something between, in digits of a script."""
    number = draw(numbers)
    space = draw(st.sampled_from(SPACES))
    shown = space.join(number[place : place + 4] for place in range(0, len(number), 4))
    return number, shown.translate(str.maketrans(DIGITS[0], draw(st.sampled_from(DIGITS))))


def luxembourgish(random: Random) -> str:
    """Return a number of Luxembourg, with both of its check digits."""
    number = "19" + _ymd(random) + _digits(random, 3)
    return number + luhn.calc_check_digit(number) + verhoeff.calc_check_digit(number)


def digits_kept(text: str) -> str:
    """Return the digits in a text, of whatever script, as those of ASCII."""
    return "".join(str(int(character)) for character in text if character.isdecimal())
