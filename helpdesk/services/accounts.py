"""Opening accounts, and who looks after them."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from helpdesk.models import Account, ManagerAssignment, User
from helpdesk.services.retention import Decision, change_retention
from helpdesk.services.support import end_support_of_manager
from privacy import ledger
from privacy.categories import Category
from privacy.services.people.notices import publish_notice
from privacy.services.people.purposes import declare_answering
from privacy.terms import Rule, Term, Unit

# What a new account begins with, before anybody touched a setting (Article 25(2)).
FIRST_TERMS: dict[str, Term] = {
    Category.CHAT: Term(Rule.AT_ONCE, 30, Unit.DAYS),
    Category.TICKET: Term(Rule.AFTER, 30, Unit.DAYS),
}


def open_account(
    *,
    name: str,
    by: User | None = None,
    terms: Mapping[str, Term] | None = None,
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
        ledger.record("account.opened", account_id=account.pk, who=ledger.reference(by), plan=account.plan_id)
        decisions = {c: Decision(term) for c, term in {**FIRST_TERMS, **(terms or {})}.items()}
        change_retention(account=account, decisions=decisions, by=by, skip_cooling=True)
        words = {account.language: notice or first_notice(account)}
        declare_answering(account=account, names=names_of_answering(), questions=words)
        publish_notice(account=account)
    return account


def assign_managers(*, account: Account, managers: Iterable[User], by: User) -> None:
    """Let exactly these managers look after the account; only operators may.

    Support access of a manager who goes ends with that.
    """
    if by.role != User.Role.OPERATOR:
        raise PermissionDenied
    with transaction.atomic():
        wanted = {user.pk: user for user in managers if user.role == User.Role.MANAGER}
        now = {link.user_id: link for link in account.assignments.select_related("user")}
        for pk in now.keys() - wanted.keys():
            _record_assignment("manager.withdrawn", account, now[pk].user, by)
            now[pk].delete()
            end_support_of_manager(account=account, manager=now[pk].user, by=by)
        for pk in wanted.keys() - now.keys():
            ManagerAssignment.objects.create(user=wanted[pk], account=account)
            _record_assignment("manager.assigned", account, wanted[pk], by)


def names_of_answering() -> dict[str, str]:
    """Return what a new account's first purpose is called, in every language of the site."""
    names = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            names[language] = _("To answer you")
    return names


def first_notice(account: Account) -> str:
    """Return the words of a new account's consent notice, in the account's language."""
    with override(account.language):
        return _(
            "I agree that %(name)s stores what I write here, with the contact details that I give, "
            "to answer me. I can withdraw my consent at any time."
        ) % {"name": account.name}


def _record_assignment(action: str, account: Account, manager: User, by: User) -> None:
    ledger.record(action, account_id=account.pk, who=ledger.reference(by), manager=ledger.reference(manager))
