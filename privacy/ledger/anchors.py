"""Where the ledger begins: at its first entry, or behind the last one whose term was over."""

from datetime import UTC, datetime
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from privacy.ledger.canonical import GENESIS
from privacy.models import LedgerEntry

PRUNED = "ledger.pruned"
LEAST_YEARS = 3  # a shorter term would let somebody cut away what can still be asked for
CLOCKS_DIFFER_BY = relativedelta(days=1)


class Anchor(NamedTuple):
    """The last entry that went. Every entry from before ``until`` went with it, and no younger one."""

    seq: int = 0
    hash: str = GENESIS
    until: datetime | None = None


BEGINNING = Anchor()


class BadAnchor(ValueError):
    """An entry says that it anchors the chain, and doesn't say where."""


def newest_anchor() -> Anchor:
    """Return where the chain begins; the entry that says so is not verified here."""
    entry = pruning_entry()
    try:
        return anchor_of(entry) if entry else BEGINNING
    except BadAnchor:
        return BEGINNING


def pruning_entry() -> LedgerEntry | None:
    return LedgerEntry.objects.filter(action=PRUNED).order_by("-seq").first()


def anchor_of(entry: LedgerEntry) -> Anchor:
    """Return what an entry of a pruning says; raises :class:`BadAnchor`."""
    try:
        until = datetime.strptime(entry.params["until"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        anchor = Anchor(int(entry.params["seq"]), str(entry.params["hash"]), until)
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnchor("The entry names no anchor.") from error
    if not 0 < anchor.seq < entry.seq:
        raise BadAnchor("The entry anchors the chain behind itself.")
    return anchor


def anchor_problem(entry: LedgerEntry) -> str:
    """Return what is wrong about an entry that says it cut the chain, or nothing; other entries pass."""
    if entry.action != PRUNED:
        return ""
    try:
        anchor = anchor_of(entry)
    except BadAnchor:
        return "the entry names no anchor of the chain"
    if entry.at > timezone.now() + CLOCKS_DIFFER_BY:
        return "the entry that cut the chain is dated in the future"
    if anchor.until is None or anchor.until + relativedelta(years=LEAST_YEARS) > entry.at:
        return "the entry cut the chain before its term"
    return ""


def is_entry(seq: int, wanted: str) -> bool:
    """Tell whether the ledger has an entry with this hash at this place, or begins right behind it."""
    if LedgerEntry.objects.filter(seq=seq, hash=wanted).exists():
        return True
    anchor = newest_anchor()
    return (anchor.seq, anchor.hash) == (seq, wanted)
