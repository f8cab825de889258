"""When something will be erased, in words that a visitor and an agent can read."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from privacy.models import RetentionPolicy
from privacy.terms import Rule, Term


class Expiry(NamedTuple):
    """The moment, once the clock runs, or else a sentence. What ``includes/expiry.html`` shows."""

    at: datetime | None
    sentence: str
    at_once: bool = False


def term_of(*, account_id: int, category: str) -> Term:
    """Return how long an account keeps a category; without a policy it is kept until deleted by hand."""
    policy = RetentionPolicy.objects.filter(account_id=account_id, category=category).first()
    return policy.term if policy else Term(Rule.KEEP)


def expiry_of(*, account_id: int, category: str, clock: datetime | None) -> Expiry:
    """Return when something of this category is erased whose clock started then, or has not started."""
    return expiry_under(term_of(account_id=account_id, category=category), clock)


def expiry_under(term: Term, clock: datetime | None) -> Expiry:
    """Return the same for a term that the caller has at hand, for every row of a list."""
    ends_at = term.ends_at(clock)
    at_once = term.rule == Rule.AT_ONCE
    if ends_at is None:
        return Expiry(None, _sentence(term), at_once)
    return Expiry(ends_at, _("Will be erased in a moment") if at_once else "", at_once)


def _sentence(term: Term) -> str:
    if term.rule == Rule.KEEP:
        return _("Kept until somebody deletes it")
    return _("Erased %(when)s") % {"when": term.in_words()}
