"""What an owner opened to somebody of the house for some hours: to be read, and nothing else."""

from typing import Any
from uuid import UUID

from django.contrib.admin import site
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.archive import read_opened
from helpdesk.client_ip import address_of
from helpdesk.models import SupportGrant
from helpdesk.permissions import support_grants_of
from helpdesk.services.support_openings import NotGranted, open_supported, open_supported_file
from helpdesk.support import read_readable
from helpdesk.views.downloads import send_file
from privacy.encryption.rows import UNREADABLE, share_keys


@require_safe
def support(request: HttpRequest) -> HttpResponse:
    """List what is open to the person; where nothing is there is no such page."""
    grants = list(_grants(request).select_related("account", "given_by").order_by("until", "pk"))
    if not grants:
        raise Http404
    share_keys([request.user, *grants], lost=UNREADABLE)
    return _render(request, "admin/support/grants.html", _("Support access"), grants=grants)


@require_safe
def support_list(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """List the chats or tickets of an account by number and date."""
    grant = _grant(request, grant_id)
    asked = {name: request.GET.get(name, "") for name in ("kind", "number", "page")}
    return _render(
        request,
        "admin/support/list.html",
        grant.account.name,
        grant=grant,
        readable=read_readable(grant, **asked),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def support_open(request: HttpRequest, grant_id: UUID, kind: str, pk: UUID) -> HttpResponse:
    """Show the words of a chat or ticket in the answer to this one request."""
    grant = _grant(request, grant_id)
    if request.method != "POST":
        return redirect(f"{reverse('admin:support_list', args=[grant_id])}?kind={kind}")
    try:
        row = open_supported(
            grant_id=grant_id, kind=kind, pk=pk, by=request.user, address=address_of(request)
        )
    except NotGranted as error:
        raise Http404 from error
    opened = read_opened(row, user=request.user)
    return _render(request, "admin/support/opened.html", str(row), grant=grant, opened=opened)


@require_POST
def support_file(request: HttpRequest, grant_id: UUID, kind: str, pk: UUID, file_pk: UUID) -> HttpResponse:
    """Hand over a file, where the owner granted files too."""
    try:
        file = open_supported_file(
            grant_id=grant_id,
            kind=kind,
            pk=pk,
            file_pk=file_pk,
            by=request.user,
            address=address_of(request),
        )
    except NotGranted as error:
        raise Http404 from error
    return send_file(file)


@require_safe
def support_lease(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Say that an access still stands, to a page that shows something of it."""
    _grant(request, grant_id)
    return HttpResponse(status=204)


def reads_support(request: HttpRequest) -> bool:
    """Tell whether anything is open to the person from here, so that the header leads there."""
    return _grants(request).exists()


def _grants(request: HttpRequest):
    return support_grants_of(request.user, address_of(request))


def _grant(request: HttpRequest, pk: UUID) -> SupportGrant:
    return get_object_or_404(_grants(request).select_related("account"), pk=pk)


def _render(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    return render(request, template, {**site.each_context(request), "title": title, **context})
