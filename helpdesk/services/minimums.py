"""The minimum terms that an account sets itself, and what they ask of whoever decides for less."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from helpdesk.models import Account
from privacy import ledger
from privacy.categories import Category
from privacy.minimum_terms import MinimumTerm
from privacy.models import PolicyVersion, RetentionMinimum
from privacy.services.rules.minimums import falls_short, minimums_of
from privacy.terms import Term

Minimums = Mapping[str, MinimumTerm | None]


class Decided(Protocol):
    @property
    def term(self) -> Term: ...

    @property
    def archive(self) -> Term | None: ...


def set_minimums(account: Account, minimums: Minimums) -> None:
    """Let these be the account's minimum terms, in the caller's transaction; ``None`` takes one away."""
    for category, minimum in minimums.items():
        if minimum is None:
            account.retention_minimums.filter(category=category).delete()
            continue
        row = account.retention_minimums.filter(category=category).first()
        row = row or RetentionMinimum(account=account, category=category)
        row.amount, row.unit, row.reason = minimum.term.amount, minimum.term.unit, str(minimum.source)
        row.full_clean()
        row.save()


def changed_minimums(before: Mapping[str, MinimumTerm], wanted: Minimums) -> Minimums:
    """Return what of ``wanted`` differs from what there is."""
    return {category: minimum for category, minimum in wanted.items() if before.get(category) != minimum}


def short_of(minimums: Mapping[str, MinimumTerm], decisions: Mapping[str, Decided]) -> list[MinimumTerm]:
    """Return the account's own minimum terms that these decisions don't keep to."""
    return [
        minimums[category]
        for category, decision in decisions.items()
        if category in minimums
        and falls_short(minimums[category], term=decision.term, archive=decision.archive)
    ]


def refuse_without_reason(account: Account, decisions: Mapping[str, Decided], reason: str) -> None:
    """Raise ``ValidationError`` for less than the account's own minimum, where nobody says why.

    With a reason it is the account's to decide: the law may have changed, and we are no judge of it.
    """
    short = [] if reason.strip() else short_of(minimums_of(account.pk), decisions)
    if short:
        raise ValidationError(asks_why(short), "below_minimum")


def asks_why(short: Iterable[MinimumTerm]) -> str:
    """Return the question for whoever decides for less than the account's own minimum terms."""
    return " ".join(
        _("This account set itself a minimum: %(what)s for %(length)s at least (%(reason)s). Say why less.")
        % {
            "what": Category(minimum.category).label,
            "length": minimum.term.length_in_words(),
            "reason": minimum.source,
        }
        for minimum in short
    )


def as_json(minimums: Mapping[str, MinimumTerm]) -> dict[str, dict[str, str]]:
    """Return minimum terms as a version of the rules writes them down."""
    return {
        category: {"term": minimum.term.code(), "reason": str(minimum.source)}
        for category, minimum in minimums.items()
    }


def record_minimums(version: PolicyVersion, changed: Minimums, who: str) -> None:
    """Enter each changed minimum in the ledger: its code, never the words of its reason."""
    for category in changed:
        before, after = (
            said.get(category, {}).get("term", "")
            for said in (version.minimums_before, version.minimums_after)
        )
        ledger.record(
            "retention.minimum_changed",
            account_id=version.account_id,
            who=who,
            category=category,
            before=before,
            after=after,
            version=version.number,
        )
