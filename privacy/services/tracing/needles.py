"""The forms in which a text may lie somewhere: as such, and as programs write it down."""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

# Random characters: in these a short name turns up by chance, and a text of somebody never as such.
NOISE = re.compile(
    r"s1\.[\w=-]{16,}|gAAAA[\w=-]{16,}|\b[0-9a-fA-F]{16,}\b"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b(?:argon2|scrypt|pbkdf2_\w+|md5)\$\S+"
)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
CERTAIN = 8  # characters from which on chance is out of the question
OVERLAP = 8  # how much longer than the text its longest written form may be, per character


class Needles:
    """Count a text in values and streams, in any of its forms, in any case.

    ``indexes`` are the blind indexes of the text: pseudonymous, but traces of it all the same.
    """

    def __init__(self, text: str, indexes: Iterable[str] = ()) -> None:
        if not text.strip():
            raise ValueError("There is nothing to look for in an empty text.")
        self.text = text
        self._forms = frozenset(_plain(form) for form in _written(text)) - {""}
        self._exact = frozenset(_in_base64(text)) | frozenset(indexes)
        self.by_chance = len(text) < CERTAIN  # so short that random bytes hold it now and then

    @property
    def reach(self) -> int:
        """How many characters before a cut may belong to a match after it."""
        return OVERLAP * max(16, *(len(form) for form in (*self._forms, *self._exact)))

    def count(self, value: object) -> int:
        """Return how often the text is in a value, also where it is written in base64."""
        text = _as_text(value)
        found = sum(text.count(form) for form in self._exact)
        if self.by_chance:
            text = NOISE.sub(" ", text)
        found += self._count_plain(text)
        return found + sum(self._count_plain(inner) for inner in _inside_base64(text))

    def count_stream(self, chunks: Iterable[bytes]) -> int:
        """Return how often the text is in a stream that is never held as a whole."""
        found, tail = 0, b""
        for chunk in chunks:
            found += max(0, self.count(tail + chunk) - self.count(tail))
            tail = (tail + chunk)[-self.reach :]
        return found

    def _count_plain(self, text: str) -> int:
        plain = _plain(text)
        return max(plain.count(form) for form in self._forms)


def _written(text: str) -> Iterator[str]:
    cases = (text, text.lower(), text.upper(), text.casefold())  # escapes hide the case of a letter
    for form in {unicodedata.normalize(kind, case) for kind in ("NFC", "NFD", "NFKC") for case in cases} | {
        text
    }:
        yield from (form, json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1])
        yield from (html.escape(form), repr(form)[1:-1])
        raw = form.encode("utf-8", "surrogatepass")
        yield from (quote(raw), quote(raw, safe=""), quote_plus(raw))


def _plain(text: str) -> str:
    """Return the form in which texts are compared: compatible characters alike, in one case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _in_base64(text: str) -> Iterator[str]:
    """Yield what a longer text that contains this one has in its base64, at each of the three offsets."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) < CERTAIN:
        return
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw).decode()
        inner = whole[(0, 2, 3)[offset] : len(whole) - (0, 3, 2)[(offset + len(raw)) % 3]]
        yield from (inner, inner.translate(str.maketrans("+/", "-_")))


def _inside_base64(text: str) -> Iterator[str]:
    for match in BASE64.finditer(text):
        run = match.group().rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            yield base64.b64decode(run[: len(run) // 4 * 4]).decode("utf-8", "replace")
        except binascii.Error:
            continue


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return "" if value is None else str(value)
