"""An account's colours and logo, as files of our own that its visitors' pages load."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from helpdesk.brand import mark_of, sheet_of
from helpdesk.models import Account, AccountLogo

FOR_EVER = "public, max-age=31536000, immutable"


@login_not_required
@require_safe
def brand_sheet(request: HttpRequest, public_id: str, mark: str) -> HttpResponse:
    account = get_object_or_404(Account, public_id=public_id)
    if not account.brand_colour:
        raise Http404
    is_current = mark == mark_of(account.brand_colour)
    return _file(sheet_of(account.brand_colour), "text/css; charset=utf-8", is_current=is_current)


@login_not_required
@require_safe
def brand_logo(request: HttpRequest, public_id: str, mark: str) -> HttpResponse:
    logo = get_object_or_404(AccountLogo.objects.select_related("account"), account__public_id=public_id)
    return _file(bytes(logo.content), logo.content_type, is_current=mark == logo.account.logo_mark)


def _file(content: str | bytes, content_type: str, *, is_current: bool) -> HttpResponse:
    """Answer with what the address names; under an address of yesterday, with today's, kept by nobody."""
    return HttpResponse(
        content,
        content_type=content_type,
        headers={
            "Cache-Control": FOR_EVER if is_current else "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
