"""The privacy notice on the account's page: who stands behind it, and what it said before."""

import difflib
import re
from html import unescape
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST, require_safe

from helpdesk.admin.scope import open_accounts
from helpdesk.models import Account, NoticeVersion
from helpdesk.services.notices import (
    confirm_notice,
    decide_informed,
    end_informed,
    informed_by,
    is_confirmed,
    show_notice,
)

_BLOCKS = re.compile(r"</(?:p|li|h1|h2|h3|blockquote)>|<br ?/?>")
_TAGS = re.compile(r"<[^>]+>")


def notice_page(account: Account) -> dict[str, Any]:
    """Return what the tab shows: the notice in force in the account's language, and its state."""
    with override(account.language):
        shown = show_notice(account)
    return {
        "privacy_notice": shown,
        "notice_confirmed": is_confirmed(account),
        "notice_versions": account.notice_versions.filter(language=account.language).defer("html"),
        "informed": informed_by(account),
        "recipients": account.recipients.all(),
    }


@require_POST
def confirm(request: HttpRequest, account_id: int) -> HttpResponse:
    account = _account(request, account_id)
    try:
        confirm_notice(account=account, by=request.user, content_hash=request.POST.get("content_hash", ""))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, _("Confirmed: visitors no longer read that it is a draft."))
    return _back(account)


@require_POST
def informed_already(request: HttpRequest, account_id: int) -> HttpResponse:
    """Record that visitors are informed already, with the reason; or end that decision."""
    account = _account(request, account_id)
    if "end" in request.POST:
        if end_informed(account=account, by=request.user):
            messages.success(request, _("From now on visitors are told again."))
        return _back(account)
    try:
        decide_informed(account=account, by=request.user, reason=request.POST.get("reason", ""))
    except ValidationError:
        messages.error(request, _("Say where visitors have read it (at most 1000 characters)."))
    else:
        messages.success(request, _("Recorded, with your name and the reason."))
    return _back(account)


@require_safe
def difference(request: HttpRequest, account_id: int, number: int) -> HttpResponse:
    """Show what changed between a version and the one before it."""
    account = _account(request, account_id)
    versions = NoticeVersion.objects.filter(account=account, language=account.language)
    newer = get_object_or_404(versions, number=number)
    older = versions.filter(number=number - 1).first()
    if older is None:
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": _("What changed in version %d") % number,
        "account": account,
        "older": older,
        "newer": newer,
        "lines": changed_lines(older.html, newer.html),
        "back": _page(account),
    }
    return render(request, "admin/helpdesk/notice_difference.html", context)


def changed_lines(older: str, newer: str) -> list[tuple[str, str]]:
    """Return the sentences of both, each with ``-`` gone, ``+`` new, or a space for the same."""
    lines = difflib.ndiff(_sentences(older), _sentences(newer))
    return [(line[0], line[2:]) for line in lines if line[0] != "?"]


def _sentences(html: str) -> list[str]:
    plain = (unescape(_TAGS.sub("", block)) for block in _BLOCKS.split(html))
    return [" ".join(block.split()) for block in plain if block.strip()]


def _account(request: HttpRequest, account_id: int) -> Account:
    return get_object_or_404(open_accounts(request), pk=account_id)


def _page(account: Account) -> str:
    return f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#notice"


def _back(account: Account) -> HttpResponse:
    return HttpResponseRedirect(_page(account))
