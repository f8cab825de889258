"""Telling people that erasures are overdue: once when it begins, once when it is over."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import Account, OverdueAlert, User
from helpdesk.services.staff_mail import queue_staff_mail
from privacy import ledger
from privacy.encryption.errors import SealError
from privacy.services.rules.lag import Lag, lag_by_account

log = logging.getLogger(__name__)

WELL_WITHIN = timedelta(
    minutes=5
)  # well below the alarm, or a purge that just keeps up would tell every minute


def tell_of_overdue(*, now: datetime | None = None) -> int:
    """Mail the managers of an account and all operators where its lag is alarming, and when that is over.

    Each is told once an incident, however many workers look at it; the ledger gets both moments. Returns of
    how many accounts something was told.
    """
    now = now or timezone.now()
    lags = lag_by_account(now=now)
    alerts = {alert.account_id: alert for alert in OverdueAlert.objects.select_related("account")}
    alarming = [pk for pk, lag in lags.items() if lag.is_alarming and pk not in alerts]
    begun = [_begin(account, lags[account.pk], now) for account in Account.objects.filter(pk__in=alarming)]
    over = [pk for pk in alerts if lags.get(pk, Lag()).seconds < WELL_WITHIN.total_seconds()]
    return sum(begun) + sum(_end(alerts[pk], now) for pk in over)


@transaction.atomic
def _begin(account: Account, lag: Lag, now: datetime) -> bool:
    since = now - timedelta(seconds=lag.seconds)
    told = {"since": since, "units": lag.units, "told_at": now}
    _alert, is_new = OverdueAlert.objects.get_or_create(account=account, defaults=told)
    if is_new:
        ledger.record("purge.overdue", account_id=account.pk, units=lag.units, seconds=lag.seconds)
        _mail(account, "purge_overdue", since=since, units=lag.units)
    return is_new


@transaction.atomic
def _end(alert: OverdueAlert, now: datetime) -> bool:
    deleted, _by_model = OverdueAlert.objects.filter(pk=alert.pk).delete()
    if deleted:
        seconds = int((now - alert.since).total_seconds())
        ledger.record("purge.caught_up", account_id=alert.account_id, units=alert.units, seconds=seconds)
        _mail(alert.account, "purge_caught_up", since=alert.since, until=now)
    return bool(deleted)


def _mail(account: Account, template: str, **context: Any) -> None:
    context |= {"account": account, "admin_link": settings.LETHE_BASE_URL + reverse("admin:index")}
    for user in User.objects.looking_after(account):
        try:
            queue_staff_mail(user=user, template=template, **context)
        except SealError:  # a lost key of one of them must not keep it from the others
            log.exception("User %s can't be told of overdue erasures.", user.pk)
