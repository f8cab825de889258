"""What a restored backup had forgotten, by account, until somebody who answers for it has looked."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.admin.scope import is_operator, open_accounts
from helpdesk.models import Account
from privacy.models import ForgottenDecision
from privacy.services.evidence.ledger_words import action_in_words, category_in_words
from privacy.services.restoring.forgotten import confirm_findings, open_findings
from privacy.services.rules.due import everything_due
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.retention import sentence_of

Outcome = ForgottenDecision.Outcome
COUNTED = 1000
BADGES = {Outcome.PAUSED: "warning", Outcome.CLOSED: "warning", Outcome.LOST: "danger"}


class Line(NamedTuple):
    """One kind of decision, in words."""

    what: str
    about: str
    row: ForgottenDecision
    badge: str


class Pause(NamedTuple):
    """A rule that counts again once it is confirmed, and how much is erased then; ``None`` for very much."""

    category: str
    sentence: str
    due: int | None


class Share(NamedTuple):
    """What one account had forgotten; ``account`` is ``None`` for what belongs to none."""

    account: Account | None
    lines: list[Line]
    pauses: list[Pause]
    up_to: int


def forgotten_in_reach(request: HttpRequest) -> QuerySet[ForgottenDecision]:
    """Return what nobody has looked at yet of the accounts that are open to somebody; all for an operator."""
    found = open_findings()
    return found if is_operator(request) else found.filter(account__in=open_accounts(request))


@require_safe
def after_restore(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("After a restore"),
        "shares": list(_shares(forgotten_in_reach(request))),
        "operator": is_operator(request),
    }
    return render(request, "admin/after_restore.html", context)


@require_POST
def confirm(request: HttpRequest, up_to: int, account_id: int | None = None) -> HttpResponse:
    """Note that somebody looked at what an account had forgotten, as far as they saw it."""
    if account_id is not None:
        get_object_or_404(open_accounts(request), pk=account_id)
    elif not is_operator(request):
        raise Http404
    if confirm_findings(account_id=account_id, up_to=up_to, by=request.user):
        messages.success(request, _("Confirmed. It counts as it is now."))
    else:
        messages.info(request, _("Somebody confirmed that a moment ago."))
    return redirect("admin:after_restore")


def _shares(found: Iterable[ForgottenDecision]) -> Iterator[Share]:
    order = list(Outcome)
    for account, group in groupby(found, lambda row: row.account):
        rows = sorted(group, key=lambda row: order.index(Outcome(row.outcome)))
        lines = [
            Line(action_in_words(row.action), _about(row), row, BADGES.get(row.outcome, "success"))
            for row in rows
        ]
        yield Share(account, lines, list(_pauses(account, rows)), max(row.pk for row in rows))


def _about(row: ForgottenDecision) -> str:
    if row.category:
        return category_in_words(row.category)
    if row.action == "account.changed":
        try:
            return str(Account._meta.get_field(row.about).verbose_name)  # type: ignore[union-attr]
        except FieldDoesNotExist:
            return row.about
    return category_in_words(row.about)


def _pauses(account: Account | None, rows: list[ForgottenDecision]) -> Iterator[Pause]:
    paused = {row.category for row in rows if row.outcome == Outcome.PAUSED}
    if account is None or not paused:
        return
    for policy in policies_in_force(account.pk, once_confirmed=True):
        if paused & {"", policy.category}:
            due = 0
            for _declared, batch in everything_due(policy, timezone.now()):
                due += len(batch.erase) + len(batch.archive)
                if due > COUNTED:
                    break
            label = category_in_words(policy.category)
            yield Pause(label, sentence_of(policy), due if due <= COUNTED else None)
