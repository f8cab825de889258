"""Teams of an account and its opening hours, as its manager decides them."""

from collections.abc import Iterable
from datetime import time
from typing import NamedTuple

from django.db import transaction

from helpdesk.models import Account, BusinessHours, Team, User
from privacy import ledger


class Stretch(NamedTuple):
    """When somebody is there: from and to on a weekday, Monday being 0; midnight ends the day."""

    weekday: int
    opens: time
    closes: time


def save_team(*, team: Team, members: Iterable[User], by: User) -> Team:
    """Save a team, new or changed, with who is in it. Raises ``ValidationError`` for a name that is taken."""
    with transaction.atomic():
        team.full_clean()
        team.save()
        team.members.set(members)
        ledger.record(
            "team.saved",
            account_id=team.account_id,
            who=ledger.reference(by),
            team=team.pk,
            people=team.members.count(),
            in_use=team.is_active,
        )
    return team


def set_hours(*, account: Account, stretches: Iterable[Stretch], by: User) -> None:
    """Let an account be open at these times and at no other; the same ones again change nothing.

    Raises ``ValidationError`` for a stretch that ends before it begins.
    """
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        wanted = sorted(stretches)
        kept = list(account.business_hours.values_list("weekday", "opens", "closes"))
        if wanted == kept:
            return
        account.business_hours.all().delete()
        for stretch in wanted:
            row = BusinessHours(account=account, **stretch._asdict())
            row.full_clean()
            row.save()
        ledger.record("hours.changed", account_id=account.pk, who=ledger.reference(by), stretches=len(wanted))
