"""Numbers in a text: groups of digits, the chains that they form, and every stretch that may be a number."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from privacy.slips.plain import BLANK

_GROUP = re.compile("[0-9][0-9\x01]*")
# What may stand inside a number: one sign, or a little space, or a new line, also one that a mail quotes.
_GAP = re.compile(r"[ \x01]{0,2}[-./_|][ \x01]{0,2}|[ \x01]{1,3}|[ \x01]{0,3}\n[ \x01>]{0,4}")
_GLUE = set("-._")  # between two digits it makes one thing of them: a code, an amount, a version
_EXPIRY = re.compile("(?:0[1-9]|1[0-2])(?:2[4-9]|3[0-9])")  # of a card, which follows it
LONGEST = 19
MOST_GROUPS = 7
FAR = 20  # groups, so five cards: the rest of a longer list is like them


@dataclass(frozen=True, slots=True)
class Group:
    start: int
    end: int
    digits: str


class Stretch:
    """Some groups of a chain, from the ``first`` to the ``last``, and the digits in them."""

    __slots__ = ("_chain", "_text", "digits", "first", "last")

    def __init__(self, text: str, chain: list[Group], first: int, last: int, digits: str) -> None:
        self._text, self._chain = text, chain
        self.first, self.last, self.digits = first, last, digits

    @property
    def start(self) -> int:
        return self._chain[self.first].start

    @property
    def end(self) -> int:
        return self._chain[self.last].end

    @property
    def begins_at(self) -> int:
        """Where the chain begins."""
        return self._chain[0].start

    @property
    def groups(self) -> list[Group]:
        return self._chain[self.first : self.last + 1]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(group.digits) for group in self.groups)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing else is in the chain."""
        return self.first == 0 and self.last == len(self._chain) - 1

    @property
    def is_regular(self) -> bool:
        """Tell whether one sign, or space, divides it throughout; a new line is a space here."""
        return len({self._gap(place).strip(" >\n\x01") for place in range(self.first, self.last)}) < 2

    @property
    def is_broken(self) -> bool:
        """Tell whether it fills its chain, and nothing but the end of lines divides it."""
        return self.is_whole and all("\n" in self._gap(place) for place in range(self.first, self.last))

    def alike(self) -> tuple[str, ...]:
        """Return the digits of the groups around it that are as long, and as far apart, cut in fours.

        It stands alone where it is the only one, and is one of several where they all are. Empty where its
        own groups are cut apart, since the list begins elsewhere.
        """
        first = self.first
        while self.first - first < FAR and self._is_alike(first - 1, first):
            first -= 1
        last = self.last
        while last - self.last < FAR and self._is_alike(last, last + 1):
            last += 1
        if (self.first - first) % 4 or (last - self.last) % 4 or self._follows_a_number(first):
            return ()
        digits = [group.digits for group in self._chain[first : last + 1]]
        return tuple("".join(digits[place : place + 4]) for place in range(0, len(digits), 4))

    def _is_alike(self, one: int, other: int) -> bool:
        """Tell whether two neighbours are as long as each other, and as far apart as the groups of this."""
        if one < 0 or other >= len(self._chain) or self._gap(one) != self._gap(self.first):
            return False
        is_expiry = other > len(self._chain) - 3 and _EXPIRY.fullmatch(self._chain[other].digits)
        return len(self._chain[one].digits) == len(self._chain[other].digits) and not is_expiry

    def _follows_a_number(self, first: int) -> bool:
        is_after = first > 0 and self._gap(first - 1) == self._gap(self.first)
        return is_after and len(self._chain[first - 1].digits) > 2

    def _gap(self, place: int) -> str:
        """Return what stands behind a group of the chain."""
        return self._text[self._chain[place].end : self._chain[place + 1].start]


def chains(text: str) -> Iterator[list[Group]]:
    """Yield the groups of digits of a plain text that may belong together."""
    chain: list[Group] = []
    for found in _GROUP.finditer(text):
        group = Group(found.start(), found.end(), found[0].replace("\x01", ""))
        if chain and not _GAP.fullmatch(text, chain[-1].end, group.start):
            yield chain
            chain = []
        chain.append(group)
    if chain:
        yield chain


def stretches(text: str, chain: list[Group], first: int, lengths: Container[int]) -> Iterator[Stretch]:
    """Yield what begins with one group of a chain and has one of these numbers of digits, the shortest first.

    A number that stands glued to a letter, a sign or another number is a part of something else. One in many
    pieces has the chain for itself.
    """
    if _is_glued_before(text, chain[first].start):
        return
    alone = first == 0 and len(chain) <= LONGEST
    digits = ""
    for last in range(first, len(chain) if alone else min(len(chain), first + MOST_GROUPS)):
        digits += chain[last].digits
        if len(digits) > LONGEST:
            return
        if last - first >= MOST_GROUPS and last != len(chain) - 1:
            continue
        if len(digits) in lengths and not _is_glued_behind(text, chain[last].end):
            yield Stretch(text, chain, first, last, digits)


def _is_glued_before(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return is_cased(before) or before in {"+", BLANK} or _joins(before, text[start - 2 : start - 1])


def _is_glued_behind(text: str, end: int) -> bool:
    behind = text[end : end + 1]
    return is_cased(behind) or behind == BLANK or _joins(behind, text[end + 1 : end + 2])


def _joins(sign: str, other: str) -> bool:
    return sign in _GLUE and other.isdigit()


def is_cased(character: str) -> bool:
    """Tell whether this is a letter of a script that puts spaces between words."""
    return character.lower() != character.upper()
