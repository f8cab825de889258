"""Which numbers states give to people: their shapes, and the check digits that stdnum reads.

What is rare among numbers of its length is found wherever it stands: of those drawn by lot less than one in a
thousand passes. The others are looked for where words near by say what they are: one in ten numbers of nine
digits could be Dutch, and is somebody's order.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum import luhn, verhoeff
from stdnum.at import vnr
from stdnum.be import bis, nn
from stdnum.bg import egn
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.si import emso

DAY, MONTH = "(?:0[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])"


class Kind(NamedTuple):
    """A number of a state. The shape says what stdnum lets pass: companies, and days that don't exist."""

    shape: re.Pattern[str]
    is_valid: Callable[[str], bool]


def _kind(shape: str, is_valid: Callable[[str], bool]) -> Kind:
    return Kind(re.compile(shape, re.IGNORECASE), is_valid)


def _luxembourgish(number: str) -> bool:
    return luhn.is_valid(number[:12]) and verhoeff.is_valid(number[:11] + number[12])


ANYWHERE = [
    _kind(f"[1278][0-9]{{2}}(?:{MONTH}|20)[0-9]{{10}}", nir.is_valid),
    _kind(f"[0-9]{{2}}{MONTH}{DAY}[0-9]{{5}}", nn.is_valid),
    _kind(f"(?:{DAY}|4[1-9]|[56][0-9]|7[01]){MONTH}[0-9]{{7}}", fodselsnummer.is_valid),
    _kind(f"(?:19|20)[0-9]{{2}}{MONTH}{DAY}[0-9]{{4}}", personnummer.is_valid),
    _kind("756[0-9]{10}", ssn.is_valid),
    _kind(f"(?:19|20)[0-9]{{2}}{MONTH}{DAY}[0-9]{{5}}", _luxembourgish),
]
# How they are written, besides in one: telephone numbers are grouped in other ways.
GROUPED = {
    (1, 2, 2, 2, 3, 3, 2),  # France
    (13, 2),
    (2, 2, 2, 3, 2),  # Belgium
    (6, 3, 2),
    (6, 5),  # Norway
    (2, 2, 2, 5),
    (8, 4),  # Sweden
    (3, 4, 4, 2),  # Switzerland and Liechtenstein
    (8, 5),  # Luxembourg
    (4, 2, 2, 5),
}
WITH_A_HINT = [
    _kind("[0-9]{11}", nn.is_valid),
    _kind("[0-9]{11}", fodselsnummer.is_valid),
    _kind("[0-9]{2}(?:[2-5][0-9])(?:[0-3][0-9])[0-9]{5}", bis.is_valid),
    _kind("[1-9][0-9]{10}", idnr.is_valid),
    _kind("[0-9]{11}", pesel.is_valid),
    _kind("[1-8][0-9]{10}", ik.is_valid),
    _kind("[1-9][0-9]{10}", asmens.is_valid),
    _kind("[0-3][0-9]{10}", pvn.is_valid),
    _kind("[0-9]{11}", amka.is_valid),
    _kind("[0-9]{11}", oib.is_valid),
    _kind(f"{DAY}{MONTH}[0-9]{{6}}", kennitala.is_valid),
    _kind(f"[0-9]{{2}}{MONTH}[0-9]{{6}}", personnummer.is_valid),
    _kind(f"{DAY}{MONTH}[0-9]{{6}}", cpr.is_valid),
    _kind("[0-9]{10}", rc.is_valid),
    _kind("[0-9]{10}", egn.is_valid),
    _kind(f"[1-9][0-9]{{3}}{DAY}(?:0[1-9]|1[0-5])[0-9]{{2}}", vnr.is_valid),
    _kind("[0-9]{9}", bsn.is_valid),
    _kind("[0-9]{9}", nif.is_valid),
    _kind("[1-9][0-9]{12}", cnp.is_valid),
    _kind("[0-9]{13}", emso.is_valid),
]
_B, _E = r"(?<![^\W_])", r"(?![^\W_])"
_S = "[ \x01]?"
# With letters in their place, numbers are looked for by their shape alone.
CODES_ANYWHERE = [
    _kind(
        rf"{_B}[A-Z]{{3}}{_S}[A-Z]{{3}}{_S}[0-9L-NP-V]{{2}}[A-EHLMPR-T][0-9L-NP-V]{{2}}{_S}[A-Z][0-9L-NP-V]{{3}}[A-Z]{_E}",
        codicefiscale.is_valid,
    ),
    _kind(rf"{_B}[0-3][0-9][01][0-9]{{3}}[-+A-FU-Y][0-9]{{3}}[0-9A-FHJ-NPR-Y]{_E}", hetu.is_valid),
    _kind(
        rf"{_B}[12]{_S}[0-9]{{2}}{_S}(?:{MONTH}|20){_S}2[AB]{_S}[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{2}}{_E}",
        nir.is_valid,
    ),
]
CODES_WITH_A_HINT = [
    _kind(rf"{_B}[0-9]{{2}}[. ]?[0-9]{{3}}[. ]?[0-9]{{3}}[ .-]{{0,2}}[A-HJ-NP-TV-Z]{_E}", dni.is_valid),
    _kind(rf"{_B}[XYZ][ .-]{{0,2}}[0-9]{{7}}[ .-]{{0,2}}[A-HJ-NP-TV-Z]{_E}", nie.is_valid),
    _kind(rf"{_B}[0-9]{{7}}{_S}[A-W][ABHTWX]?{_E}", pps.is_valid),
    _kind(rf"{_B}[0-9]{{8}}{_S}[0-9]{_S}[0-9A-Z]{{2}}[0-9]{_E}", cc.is_valid),
]
