"""Masking: what is found in a text is replaced, and never more of it kept than its last four characters."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from privacy.slips import cards
from privacy.slips.accounts import accounts
from privacy.slips.digits import Group, chains, stretches
from privacy.slips.national import LENGTHS, LENGTHS_WITH_A_HINT, hints, national_among, national_codes
from privacy.slips.passwords import passwords
from privacy.slips.plain import blanked, plain, without_addresses
from privacy.slips.slip import NATIONAL, Slip
from privacy.slips.words import known_kinds

FEWEST_DIGITS = 7  # of any number that is looked for
PASSES = 4


class Masked(NamedTuple):
    """A text as it may be stored, and the kinds of what was masked in it."""

    text: str
    kinds: tuple[str, ...] = ()


def mask(text: str) -> Masked:
    """Return the text with card numbers, accounts, national numbers and passwords masked.

    Of a card and an account the last four characters stay, of everything else nothing. Masking what is masked
    changes nothing. It takes time in proportion to the text, whatever it is.
    """
    kinds: set[str] = set()
    for _pass in range(PASSES):  # what was glued to a slip stands alone once that is masked
        slips = _apart(_slips(text))
        if not slips:
            break
        kinds.update(kind for slip in slips for kind in slip.kind.split())
        text = _without(text, slips)
    return Masked(text, tuple(known_kinds(kinds)))


def _without(text: str, slips: Iterable[Slip]) -> str:
    parts, place = [], 0
    for slip in slips:
        parts += [text[place : slip.start], slip.mask]
        place = slip.end
    return "".join([*parts, text[place:]])


def _slips(text: str) -> Iterator[Slip]:
    same = plain(text)
    yield from passwords(same)
    yield from cards.codes(same)
    if sum(map(same.count, "0123456789")) < FEWEST_DIGITS:
        return
    same = without_addresses(same)
    yield from (found := list(accounts(same)))
    same = blanked(same, found)
    hinted = hints(same)
    yield from (found := list(national_codes(same, hinted)))
    same = blanked(same, found)
    for chain in chains(same):
        yield from _in_chain(same, chain, hinted)


def _in_chain(text: str, chain: list[Group], hinted: list[int]) -> Iterator[Slip]:
    lengths, first = cards.LENGTHS | (LENGTHS_WITH_A_HINT if hinted else LENGTHS), 0
    while first < len(chain):
        numbers = list(stretches(text, chain, first, lengths))
        if found := cards.cards_among(text, numbers):
            yield from cards.slips_of(text, found)
            first = found[-1].last + 1
        elif national := national_among(text, numbers, hinted):
            yield Slip(national.start, national.end, NATIONAL)
            first = national.last + 1
        else:
            first += 1


def _apart(slips: Iterable[Slip]) -> list[Slip]:
    """Join slips that overlap: what is in two of them keeps nothing."""
    apart: list[Slip] = []
    for slip in sorted(slips):
        if apart and slip.start < apart[-1].end:
            last = apart.pop()
            apart.append(Slip(last.start, max(last.end, slip.end), f"{last.kind} {slip.kind}"))
        else:
            apart.append(slip)
    return apart
