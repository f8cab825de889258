"""The account's privacy notice, written from its settings, so that it says what happens."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.models import Account
from helpdesk.notice import notice_of


@login_not_required
@never_cache
@require_safe
def privacy_notice(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the notice, also while the account is switched off: what is stored is still stored."""
    account = get_object_or_404(Account, public_id=public_id)
    return render(request, "privacy/notice.html", {"account": account, "notice": notice_of(account)})
