"""How long an account keeps things: each change is evidence, and counts for what exists already."""

from datetime import datetime

from helpdesk.models import Account, User
from privacy import ledger
from privacy.declarations import roots
from privacy.models import RetentionPolicy
from privacy.terms import Term


def change_retention(*, account: Account, category: str, term: Term, by: User | None) -> None:
    """Keep one category of the account's data by ``term`` from now on; what exists falls under it too.

    The ledger gets the term before and after. Raises ``ValidationError`` for an amount out of range.
    """
    policy = RetentionPolicy.objects.filter(account=account, category=category).first()
    before = policy.term if policy else None
    if before == term:
        return
    policy = policy or RetentionPolicy(account=account, category=category)
    policy.rule, policy.amount, policy.unit = term.rule, term.amount, term.unit
    policy.full_clean()
    policy.save()
    ledger.record(
        "retention.changed",
        account_id=account.pk,
        who=ledger.reference(by),
        category=category,
        before=before.code() if before else "",
        after=term.code(),
    )


def count_due(*, account: Account, category: str, term: Term, now: datetime) -> int:
    """Return how many chats or tickets the purge would erase at once if ``term`` were the rule."""
    latest = term.latest_start(now)
    if latest is None:
        return 0
    closed = [
        root.rows()
        .filter(account_id=account.pk, **{f"{root.clock}__lte": latest})
        .values_list(root.clock, flat=True)
        for root in roots()
        if root.category == category and root.clock
    ]
    ends = (term.ends_at(start) for starts in closed for start in starts.iterator())
    return sum(1 for end in ends if end is not None and end <= now)
