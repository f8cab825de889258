"""Anonymous counts of a day: what is left of a chat or ticket once it is erased."""

from django.db.models import F
from django.utils import timezone

from privacy.models import DailyCount


def count(*, account, name: str, by: int = 1) -> None:
    """Add to today's count, in the account's time zone and the caller's transaction."""
    day = timezone.localdate(timezone=account.zone)
    DailyCount.objects.bulk_create(
        [DailyCount(account=account, day=day, name=name, value=0)], ignore_conflicts=True
    )
    DailyCount.objects.filter(account=account, day=day, name=name).update(value=F("value") + by)
