"""Opening and changing accounts: every decision of an account passes here and leaves its evidence."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from helpdesk.models import Account, User
from privacy import ledger
from privacy.categories import Category
from privacy.models import RetentionPolicy
from privacy.services.consent import publish_notice
from privacy.terms import Rule, Term, Unit

# What a new account begins with, before anybody touched a setting (Article 25(2)).
FIRST_TERMS = {
    Category.CHAT: Term(Rule.AT_ONCE, 30, Unit.DAYS),
    Category.TICKET: Term(Rule.AFTER, 30, Unit.DAYS),
}


def open_account(
    *,
    name: str,
    by: User | None = None,
    terms: dict[str, Term] | None = None,
    notice: str = "",
    **values: object,
) -> Account:
    """Open an account with its retention rules and the first version of its consent notice, and return it.

    ``values`` are further fields of the account. Without ``terms`` and ``notice`` it begins with the shortest
    sensible retention and our own words (Article 25(2)). ``by`` is ``None`` where a command opens it.
    """
    with transaction.atomic():
        account = Account(name=name, **values)
        account.full_clean()
        account.save()
        ledger.record("account.opened", account_id=account.pk, who=ledger.reference(by), plan=account.plan)
        for category, term in {**FIRST_TERMS, **(terms or {})}.items():
            _set_term(account, category, term, by)
        publish_notice(account=account, text=notice or first_notice(account), policy_url=account.policy_url)
    return account


def first_notice(account: Account) -> str:
    """Return the words of a new account's consent notice, in the account's language."""
    with override(account.language):
        return _(
            "I agree that %(name)s stores what I write here, with the name and e-mail address that I give, "
            "to answer me. It is erased after the time that is shown here. I can withdraw my consent at any "
            "time."
        ) % {"name": account.name}


def _set_term(account: Account, category: str, term: Term, by: User | None) -> None:
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
        before=_code(before),
        after=_code(term),
    )


def _code(term: Term | None) -> str:
    """Return a term as the ledger writes it, such as ``after.30.days``."""
    if term is None or term.rule != Rule.AFTER:
        return str(term.rule) if term else ""
    return f"{term.rule}.{term.amount}.{term.unit}"
