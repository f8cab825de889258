"""The holds of one's accounts: by id, since account managers never see what they are about."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.admin.scope import open_accounts
from helpdesk.views import holds as pages


@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    return pages.listed(request, _reach(request))


@require_POST
def place(request: HttpRequest) -> HttpResponse:
    return pages.place(request, _reach(request))


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.review(request, _reach(request), pk)


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.release(request, _reach(request), pk)


def _reach(request: HttpRequest) -> pages.Reach:
    accounts = open_accounts(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Holds"),
        "accounts": accounts if len(accounts) > 1 else [],
    }
    return pages.Reach(accounts, "admin:holds", "admin/holds.html", context)
