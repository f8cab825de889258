"""What was decided, as the ledger knows it: a restored main database has forgotten what is newer than it.

Every app lists its decisions in its own ``decisions.py``, which is discovered like ``personal_data.py``.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from privacy.models import ForgottenDecision, LedgerEntry, LedgerHead, OutboxLine

Outcome = ForgottenDecision.Outcome


class Found(NamedTuple):
    """What became of one forgotten decision: ``category`` for what is paused, ``about`` for one setting."""

    entry: LedgerEntry
    outcome: str
    category: str = ""
    about: str = ""


Rebuild = Callable[[list[LedgerEntry]], Iterable[Found]]

_declared: list[tuple[Rebuild, frozenset[str], bool]] = []
_openings: set[str] = set()


def declare_decisions(rebuild: Rebuild, *actions: str, before_erasures: bool = False) -> None:
    """Declare entries whose loss a restored database has to make up for, and the function that does.

    It gets the forgotten ones, oldest first, and must leave erased, closed or kept whatever it can't tell.
    Those of ``before_erasures`` come before the erasures are repeated and may be called twice.
    """
    _declared.append((rebuild, frozenset(actions), before_erasures))


def declare_opening(action: str) -> None:
    """Declare the entry with which an account begins.

    Restored databases give numbers a second time: from that entry on the number is another account's.
    """
    declare_decisions(lost, action)
    _openings.add(action)


def declared_actions() -> frozenset[str]:
    """Return the actions of the ledger that a restored database has to learn again."""
    return frozenset[str]().union(*(actions for _function, actions, _first in _declared))


def lost(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Rebuild nothing: somebody has to decide it again, and until then nothing opens and nothing goes."""
    return (Found(entry, Outcome.LOST) for entry in entries)


def of_others(entries: list[LedgerEntry], accounts: Collection[int]) -> list[LedgerEntry]:
    """Return the entries about accounts that only have the number of one that is there."""
    begun: dict[int, int] = {}
    for entry in entries:
        if entry.action in _openings and entry.account_id in accounts:
            begun.setdefault(entry.account_id, entry.seq)
    return [entry for entry in entries if entry.account_id in begun and entry.seq >= begun[entry.account_id]]


def rebuild(entries: list[LedgerEntry], *, before_erasures: bool = False) -> Iterator[Found]:
    """Make up for forgotten decisions in the order of their declarations, and yield what became of each."""
    for function, actions, comes_first in _declared:
        mine = [entry for entry in entries if entry.action in actions]
        if mine and comes_first is before_erasures:
            yield from function(mine)


def forgotten_decisions(after: int, *, up_to: int | None = None) -> list[LedgerEntry]:
    """Return the decisions behind an entry that the main database doesn't know, oldest first.

    It knows its own: a line stays in the outbox as long as the memory of the ledger hasn't passed it.
    """
    entries = LedgerEntry.objects.filter(seq__gt=after, action__in=declared_actions()).order_by("seq")
    found = list(entries if up_to is None else entries.filter(seq__lte=up_to))
    if not found:
        return []
    lines = OutboxLine.objects.filter(action__in=declared_actions())
    ours = set(lines.values_list("uid", flat=True))
    # Read last: a line that somebody took out of the outbox a moment ago is remembered by now.
    known = LedgerHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
    return [entry for entry in found if entry.uid not in ours and entry.seq > known]
