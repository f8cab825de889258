"""Runs of the purge, as the ledger has them."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chat.models import Conversation
from helpdesk.models import Account
from privacy import ledger
from privacy.ledger.chain import last_entry
from privacy.models import Erasure, LedgerEntry
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.purge import purge
from privacy.services.evidence.receipts import BEGUN, DONE, RUN, category_of, counts_of, receipt, runs
from tests import factories


def erased_chats(account: Account, count: int = 1, *, reason: str = "retention") -> tuple[LedgerEntry, UUID]:
    """Erase chats in one erasure; return the entry with which it began, and the id of one of them."""
    chats = [factories.chat(account).pk for _number in range(count)]
    newest = last_entry()
    erase_units(Conversation, chats, account_id=account.pk, reason=reason)
    since = newest.seq if newest else 0
    erasures = Erasure.objects.filter(begun__seq__gt=since).select_related("begun").order_by("begun")
    return erasures[0].begun, chats[0]


def receipted(account: Account) -> Counter[str]:
    """Return what all receipts of an account say together, by category."""
    among = LedgerEntry.objects.filter(account_id=account.pk)
    return sum((Counter(counts_of(run)) for run in runs(among)), Counter())


def listed(run: LedgerEntry) -> Counter[str]:
    """Return what the erasures say that a receipt lists, by category."""
    entries = list(receipt(run.seq, among=LedgerEntry.objects.all()).entries)
    units = {entry.params["begun"]: entry.params["units"] for entry in entries if entry.action == DONE}
    counts: Counter[str] = Counter()
    for entry in entries:
        if entry.action == BEGUN:
            counts[category_of(entry)] += units[entry.seq]
    return counts


def a_run(account: Account | None, **params) -> LedgerEntry:
    """Write the entry that ends a run, as the purge does."""
    now = timezone.now()
    said = {"started": now, "finished": now, "version": 3, "first": None, "last": None}
    said |= {"held": 0, "failed": 0, "archived": 0} | params
    return ledger.append("purge.run", account_id=account.pk if account else None, **said)


def purged(account: Account, *, chats: int) -> LedgerEntry:
    """Let the purge itself erase chats whose time is over; return the entry that ends its run."""
    at = timezone.now() - timedelta(days=40)
    for _number in range(chats):
        factories.chat(account, closed_at=at)
    purge()
    return LedgerEntry.objects.filter(account_id=account.pk, action=RUN).latest("seq")


def run_of(account: Account, *, chats: int = 2, erasures: int = 1) -> LedgerEntry:
    """Erase chats as a run does and return the entry that ends it."""
    newest = last_entry()
    for _number in range(erasures):
        erased_chats(account, chats)
    first, last = (newest.seq if newest else 0) + 1, last_entry().seq
    return a_run(account, first=first, last=last, erased_chat=chats * erasures)
