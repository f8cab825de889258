"""The list of erasures, each with its certificate, whether a run, a close, a person or a right caused it."""

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from helpdesk.admin.proof import zone_of
from helpdesk.admin.scope import open_accounts, open_entries
from helpdesk.models import Account
from privacy.services.evidence.ledger_words import category_in_words, moment_in_words, reason_in_words
from privacy.services.evidence.receipts import beginnings, category_of, erasures

ERASURES_A_PAGE = 25


@require_safe
def erasures_page(request: HttpRequest) -> HttpResponse:
    accounts = open_accounts(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Erasures"),
        "accounts": accounts if len(accounts) > 1 else [],
        "erasures": _page(request, open_entries(request)),
    }
    return render(request, "admin/privacy/evidence/erasures.html", context)


def _page(request: HttpRequest, entries) -> Page:
    """Return a page of erasures, with the name of each account and what was erased in words."""
    chosen = request.GET.get("account", "")
    if chosen.isdecimal():
        entries = entries.filter(account_id=int(chosen))
    page = Paginator(erasures(entries), ERASURES_A_PAGE).get_page(request.GET.get("page"))
    begun = beginnings(page)
    names = Account.objects.in_bulk({entry.account_id for entry in page if entry.account_id})
    page.object_list = [entry for entry in page if entry.seq in begun]
    for entry in page:
        said = begun[entry.seq]
        entry.number, entry.account = said.seq, names.get(entry.account_id)
        entry.done_at = moment_in_words(entry.at, zone_of(entry.account))
        entry.category = category_in_words(category_of(said))
        entry.reason = reason_in_words(said.params["reason"])
        entry.units = entry.params.get("units", said.params["units"])
    return page
