"""One slip in a text: where it stands, what it is, and what may stay of it."""

from typing import NamedTuple

DOTS = "••••"


class Slip(NamedTuple):
    """From ``start`` to ``end`` in the text; ``left`` are the last characters that may be kept."""

    start: int
    end: int
    kind: str
    left: str = ""

    @property
    def mask(self) -> str:
        return f"{DOTS} {self.left}" if self.left else DOTS


CARD, IBAN, NATIONAL, PASSWORD = "card", "iban", "national", "password"
