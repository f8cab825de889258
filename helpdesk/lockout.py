"""Repeated failures to sign in: counted under keyed names, answered calmly, lifted by those in charge."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from helpdesk.models import User
from helpdesk.text import ADDRESS_LIMIT
from privacy import ledger
from privacy.encryption.blind_index import blind_index


class Lockout(NamedTuple):
    """Somebody who can't sign in from one place or another, for the time being."""

    person: User
    until: datetime


class DiscreetHandler(AxesDatabaseHandler):
    """Count failures with nothing of the request but a keyed name, the address and the time.

    The package's own handler keeps whatever was posted: people type their password into the wrong field.
    """

    def user_login_failed(
        self, sender: str, credentials: dict, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        if request is None:
            return
        request.axes_credentials = credentials
        if request.axes_locked_out:  # what is tried during a lock-out doesn't make it longer
            return
        self.clean_expired_user_attempts(request, credentials)
        name = keyed_username(request, credentials)
        place = {"username": name, "ip_address": request.axes_ip_address, "user_agent": ""}
        with transaction.atomic():
            attempt, _created = AccessAttempt.objects.get_or_create(
                **place, defaults={"failures_since_start": 0}
            )
            AccessAttempt.objects.filter(pk=attempt.pk).update(
                failures_since_start=F("failures_since_start") + 1, attempt_time=request.axes_attempt_time
            )
        request.axes_locked_out = self.is_locked(request, credentials)


def keyed_username(request: HttpRequest | None, credentials: dict | None) -> str:
    """Return the keyed form of the address somebody tries to sign in with; spellings of one address are one.

    Never the address itself: in its place stands a password often enough.
    """
    given = credentials if credentials is not None else getattr(request, "POST", {})
    typed = given.get("username") or given.get("email") or ""
    return keyed_name(typed if isinstance(typed, str) else "")


def keyed_name(address: str) -> str:
    # Longer ones are nobody's address, so it does no harm that some of them share a counter.
    return blind_index(address[: ADDRESS_LIMIT + 1], account_id=None, use="lockout")


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict | None) -> HttpResponse:
    """Answer somebody who failed too often: how long it lasts, and nothing about whether they exist."""
    failures = AccessAttempt.objects.filter(
        username=keyed_username(request, credentials), ip_address=request.axes_ip_address
    )
    newest = failures.aggregate(newest=Max("attempt_time"))["newest"] or timezone.now()
    seconds = max(1, math.ceil((newest + settings.AXES_COOLOFF_TIME - timezone.now()).total_seconds()))
    if request.accepts("text/html"):
        context = {"minutes": math.ceil(seconds / 60)}
        answer = render(request, "registration/locked_out.html", context, status=429)
    else:
        answer = JsonResponse({"error": "locked_out", "seconds": seconds}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def lockouts_of(people: Iterable[User]) -> list[Lockout]:
    """Return who of these people is locked out somewhere, and until when; longest first."""
    until = locked_names()
    if not until:
        return []
    named = [(person, keyed_name(person.email)) for person in people]
    found = [Lockout(person, until[name]) for person, name in named if name in until]
    return sorted(found, key=lambda lockout: lockout.until, reverse=True)


def locked_names() -> dict[str, datetime]:
    """Return the keyed names that are locked out from one place at least, and until when."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    failures = (
        AccessAttempt.objects.filter(attempt_time__gt=since)
        .order_by()
        .values_list("username", "ip_address")
        .annotate(failures=Sum("failures_since_start"), newest=Max("attempt_time"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
    )
    until: dict[str, datetime] = {}
    for name, _address, _failures, newest in failures:
        until[name] = max(newest + settings.AXES_COOLOFF_TIME, until.get(name, newest))
    return until


def lift_lockout(*, person: User, by: User) -> None:
    """Let a person try again at once, from everywhere."""
    with transaction.atomic():
        AccessAttempt.objects.filter(username=keyed_name(person.email)).delete()
        ledger.record(
            "lockout.lifted",
            account_id=person.account_id,
            person=ledger.reference(person),
            who=ledger.reference(by),
        )
