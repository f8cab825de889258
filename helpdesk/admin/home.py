"""The first page of the admin: every account that is open to the person, with what it decided."""

from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from helpdesk.admin.scope import open_accounts
from helpdesk.models import Account
from privacy.categories import Category
from privacy.services.rules.lag import Lag, lag_by_account
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.retention import when_of

WORTH_A_WORD = timedelta(minutes=1)  # what comes due between two rounds of the purge is not late


class Glance(NamedTuple):
    """An account, its promise, and whether it is kept, in a line; ``late`` is how long, in words."""

    account: Account
    chats: str
    tickets: str
    overdue: int
    late: str


def accounts_at_a_glance(request: HttpRequest) -> list[Glance]:
    """Return the accounts in the order of their names; the purge is asked for each how late it is."""
    accounts = list(
        open_accounts(request)
        .select_related("plan")
        .annotate(active_people=Count("people", filter=Q(people__is_active=True)))
    )
    rules = {(rule.account_id, rule.category): rule for rule in policies_in_force()}
    lags = lag_by_account(account_ids=[account.pk for account in accounts])
    return [
        Glance(
            account,
            *(when_of(rules[account.pk, each]) for each in (Category.CHAT, Category.TICKET)),
            *_lateness(lags.get(account.pk, Lag())),
        )
        for account in accounts
    ]


def _lateness(lag: Lag) -> tuple[int, str]:
    if lag.seconds < WORTH_A_WORD.total_seconds():
        return 0, ""
    now = timezone.now()
    return lag.units, timesince(now - timedelta(seconds=lag.seconds), now)
