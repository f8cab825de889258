"""Whether somebody is there to answer, by the opening hours of an account."""

from datetime import datetime

from django.utils import timezone

from helpdesk.models import Account
from helpdesk.models.hours import MIDNIGHT


def is_open(account: Account, at: datetime | None = None) -> bool:
    """Tell whether an account is open at a moment, now by default.

    The clock on the wall of the account's time zone counts: an hour that is skipped in spring is just not
    there, and one that comes twice in autumn is open, or closed, both times. An account without hours is
    never open.
    """
    here = timezone.localtime(at or timezone.now(), account.zone)
    return any(
        stretch.opens <= here.time() and (here.time() < stretch.closes or stretch.closes == MIDNIGHT)
        for stretch in account.business_hours.filter(weekday=here.weekday())
    )
