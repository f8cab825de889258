"""The first page of the admin: every account that is open to the person, with what it decided."""

from typing import NamedTuple

from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest

from helpdesk.admin.scope import open_accounts
from helpdesk.models import Account
from privacy.categories import Category
from privacy.models import RetentionPolicy


class Glance(NamedTuple):
    """An account and its promise, in a line."""

    account: Account
    chats: str
    tickets: str


def accounts_at_a_glance(request: HttpRequest) -> list[Glance]:
    """Return the accounts in the order of their names: three queries, however many there are."""
    accounts = (
        open_accounts(request)
        .prefetch_related(Prefetch("retention_policies", RetentionPolicy.objects.order_by("category")))
        .annotate(active_people=Count("people", filter=Q(people__is_active=True)))
    )
    return [
        Glance(account, *(_term(account, each) for each in (Category.CHAT, Category.TICKET)))
        for account in accounts
    ]


def _term(account: Account, category: str) -> str:
    policies = [policy for policy in account.retention_policies.all() if policy.category == category]
    return policies[0].term.in_words() if policies else ""
