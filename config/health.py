"""`/healthz` says that the process answers; `/readyz` says part by part whether Lethe can do its work."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from privacy.models import Heartbeat
from privacy.services.evidence.chain_state import chain_state
from privacy.services.restoring.forgotten import paused_accounts
from privacy.services.restoring.replay import Gate, gate_state
from privacy.services.rotation import ring_problem
from privacy.services.rules.lag import lag_by_account, whole_lag

log = logging.getLogger(__name__)

BEAT_SILENT_AFTER = timedelta(seconds=60)
LOOKING = "is being looked at"


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where every part is well and 503 otherwise; parts say *ok* or what is wrong, no secrets."""
    parts = {name: _state(check) for name, check in PARTS.items()}
    ok = all(state == "ok" for state in parts.values())
    return JsonResponse({"ok": ok, "parts": parts}, status=200 if ok else 503)


def _state(check: Callable[[], str]) -> str:
    try:
        return check() or "ok"
    except Exception:
        log.exception("A part could not be checked.")
        return "can't be reached"


def seldom(check: Callable[[], str], *, seconds: float) -> Callable[[], str]:
    """Return a check that looks now and then only: anybody may ask for this page as often as they like.

    Kept in the process, since a cache that is away must not hide how the other parts are.
    """
    known, until, looking = LOOKING, 0.0, threading.Lock()

    def ask() -> str:
        nonlocal known, until
        if time.monotonic() >= until and looking.acquire(blocking=False):
            try:
                known = check()
                until = time.monotonic() + seconds
            except Exception:
                known = LOOKING  # what was found before is worth nothing now
                raise
            finally:
                looking.release()
        return known

    return ask


def _database() -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _vault() -> str:
    problems = {
        Gate.STALE_MAIN: "erasures wait for replay",
        Gate.UNAWARE_MAIN: "decisions wait for replay",
        Gate.STALE_VAULT: "older than the database",
        Gate.LOST_VAULT: "empty beside a database with a past",
        Gate.TOO_OLD_MAIN: "beside a database from before the ledger begins",
    }
    lacking = "the key ring lacks a key" if ring_problem() else ""
    return problems.get(gate_state(), lacking)


def _broker() -> str:
    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return ""


def _beat() -> str:
    heartbeat = Heartbeat.objects.filter(part="beat").first()
    if heartbeat is None:
        return "not seen yet"
    return "silent" if timezone.now() - heartbeat.seen_at > BEAT_SILENT_AFTER else ""


def _purge() -> str:
    lags = lag_by_account()
    lag = whole_lag(lags)
    if not lag.is_alarming:
        return ""
    return f"overdue by {lag.seconds} seconds (things: {lag.units}, accounts: {len(lags)})"


def _restored() -> str:
    accounts = paused_accounts()
    return f"erasing waits until rules are confirmed (accounts: {accounts})" if accounts else ""


def _ledger() -> str:
    return chain_state.look().problem


PARTS = {
    "database": _database,
    "vault": _vault,
    "broker": _broker,
    "beat": _beat,
    "purge": seldom(_purge, seconds=10),
    "restored": _restored,
    "ledger": seldom(_ledger, seconds=60),
}
