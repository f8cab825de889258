"""What a restored database had forgotten: kept until somebody who answers for it has looked."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from privacy import ledger
from privacy.ledger.decisions import Found, of_others
from privacy.ledger.signing import is_ours
from privacy.models import ForgottenDecision, LedgerEntry


class NotOurs(Exception):
    """Somebody planted an entry in the ledger: nothing is decided at their word."""


def refuse_planted(entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """Return the entries; raises :class:`NotOurs` where one isn't signed by us."""
    for entry in entries:
        if not is_ours(entry):
            raise NotOurs(f"Entry {entry.seq} of the ledger isn't signed by us: run verify_ledger.")
    return entries


def split_by_account(entries: list[LedgerEntry]) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """Return the entries about what is there, and those about accounts that only have the same number."""
    others = of_others(entries, _accounts())
    seqs = {entry.seq for entry in others}
    return [entry for entry in entries if entry.seq not in seqs], others


def keep_findings(found: Iterable[Found], *, of_accounts: bool = True) -> None:
    """Keep what became of forgotten decisions, those of one kind together, in the caller's transaction.

    ``of_accounts`` is false where the accounts are not those that have their numbers here.
    """
    alike: dict[Any, list[LedgerEntry]] = defaultdict(list)
    for entry, *what in found:
        alike[entry.account_id, entry.action, *what].append(entry)
    known = _accounts() if of_accounts else set()
    for (account, action, outcome, category, about), entries in alike.items():
        newest = max(entries, key=lambda entry: entry.seq)
        kept = ForgottenDecision.objects.create(
            account_id=account if account in known else None,
            action=action,
            outcome=outcome,
            category=category,
            about=about if account is None or account in known else f"account.{account}",
            times=len(entries),
            seq=newest.seq,
            at=newest.at,
        )
        _record("restore.found", kept, times=len(entries))


def _accounts() -> set[int]:
    return set(apps.get_model("helpdesk.Account").objects.values_list("pk", flat=True))


def open_findings() -> QuerySet[ForgottenDecision]:
    """Return what nobody has looked at yet, what is paused or closed first."""
    found = ForgottenDecision.objects.filter(confirmed_at=None).select_related("account")
    return found.order_by("account__name", "account", "outcome", "pk")


def paused_accounts() -> int:
    """Return in how many accounts nothing of some kind is erased until its rule is confirmed."""
    paused = open_findings().filter(outcome=ForgottenDecision.Outcome.PAUSED)
    return paused.order_by().values("account").distinct().count()


@transaction.atomic
def confirm_findings(*, account_id: int | None, up_to: int, by: Any) -> int:
    """Note that somebody looked at what an account had forgotten, up to the newest that they saw.

    ``None`` is for what belongs to no account. The rules are obeyed as they are now: what was paused is
    erased when they say so. Returns how many there were; 0 where somebody was quicker.
    """
    mine = open_findings().filter(account=account_id, pk__lte=up_to).order_by("pk")
    rows = list(mine.select_for_update(of=("self",)))
    for row in rows:
        row.confirmed_at, row.confirmed_by = timezone.now(), by
        row.save(update_fields=["confirmed_at", "confirmed_by"])
        _record("restore.confirmed", row, who=ledger.reference(by))
    return len(rows)


def _record(action: str, row: ForgottenDecision, **params: Any) -> None:
    ledger.record(
        action,
        account_id=row.account_id,
        decision=row.action,
        outcome=str(row.outcome),
        category=row.category,
        about=row.about,
        **params,
    )
