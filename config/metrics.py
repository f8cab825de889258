"""`/metrics` for Prometheus: how the deployment is doing, and how late each account's purge is."""

import logging
from collections.abc import Callable, Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Max, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from helpdesk.models import Account, OutgoingMail, StaffMail
from privacy.models import Heartbeat, LedgerEntry
from privacy.services.rules.lag import lag_by_account, whole_lag

log = logging.getLogger(__name__)

Gauges = Iterator[GaugeMetricFamily]


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer those who bring the token; without the setting there is no such page."""
    if not settings.LETHE_METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.LETHE_METRICS_TOKEN}"
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


class Deployment(Collector):
    """Measure when asked; what can't be measured now is left out, so that the rest still arrives."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # or the registry would measure while the program starts

    def collect(self) -> Gauges:
        for measure in MEASURES:
            try:
                yield from measure()
            except Exception:
                log.exception("A figure could not be measured.")


def _lag() -> Gauges:
    lags = lag_by_account()
    lag = whole_lag(lags)
    units, seconds = "Things that should have been erased by now", "Seconds since the oldest should have been"
    yield GaugeMetricFamily("lethe_purge_overdue_units", f"{units}.", lag.units)
    yield GaugeMetricFamily(
        "lethe_purge_overdue_seconds", f"{seconds}; 0 where none is overdue.", lag.seconds
    )
    late = GaugeMetricFamily("lethe_account_overdue_units", f"{units}, by account.", labels=["account"])
    age = GaugeMetricFamily("lethe_account_overdue_seconds", f"{seconds}, by account.", labels=["account"])
    for pk, public_id in Account.objects.filter(pk__in=lags).values_list("pk", "public_id"):
        late.add_metric([public_id], lags[pk].units)
        age.add_metric([public_id], lags[pk].seconds)
    yield from (late, age)


def _ledger() -> Gauges:
    # Numbers without a gap: counting millions of entries would take seconds.
    ends = LedgerEntry.objects.aggregate(first=Min("seq"), last=Max("seq"))
    entries = ends["last"] - ends["first"] + 1 if ends["last"] else 0
    yield GaugeMetricFamily("lethe_ledger_entries", "Entries of the evidence ledger.", entries)


def _mail() -> Gauges:
    queued = sum(model.objects.queued().count() for model in (OutgoingMail, StaffMail))
    yield GaugeMetricFamily("lethe_outgoing_mail_queued", "Mails that wait to be sent.", queued)


def _beat() -> Gauges:
    if heartbeat := Heartbeat.objects.filter(part="beat").first():
        age = (timezone.now() - heartbeat.seen_at).total_seconds()
        yield GaugeMetricFamily("lethe_beat_age_seconds", "Seconds since the timetable was last seen.", age)


MEASURES: list[Callable[[], Gauges]] = [_lag, _ledger, _mail, _beat]
REGISTRY = CollectorRegistry()
REGISTRY.register(Deployment())
