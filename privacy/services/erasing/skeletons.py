"""What is kept of an erased chat or ticket for reports: facts about nobody."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from privacy.declarations import PersonalData
from privacy.models import AtEnd, Skeleton
from privacy.services.rules.policies import policy_in_force


def keeps_skeletons(*, account_id: int, category: str) -> bool:
    """Tell whether figures stay of what is erased in a category under the rule in force."""
    return policy_in_force(account_id=account_id, category=category).at_end == AtEnd.SKELETON


def keep_skeletons(unit: PersonalData, ids: list, *, account_id: int | None) -> None:
    """Write down the facts of units that are about to go, in the caller's transaction, in no order of theirs.

    Moments are cut to the hour, so that nothing can be matched with somebody's own memory of it.
    """
    if not unit.skeleton or account_id is None:
        return
    over = unit.over or unit.usual_clock
    facts = unit.rows().filter(pk__in=ids).order_by("?").values(*unit.skeleton, over)
    Skeleton.objects.bulk_create(
        Skeleton(
            account_id=account_id,
            category=unit.category,
            day=(row[over] or timezone.now()).date(),
            facts={name: _plain(row[name]) for name in unit.skeleton},
        )
        for row in facts
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(minute=0, second=0, microsecond=0).isoformat()
    return value
