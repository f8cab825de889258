"""The account's privacy notice, written from its settings, and what it said before."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.languages import in_visitors_language
from helpdesk.models import Account, NoticeVersion
from helpdesk.services.notices import is_confirmed, show_notice


@login_not_required
@never_cache
@require_safe
@in_visitors_language
def privacy_notice(request: HttpRequest, account: Account) -> HttpResponse:
    """Show the notice, also while the account is switched off: what is stored is still stored."""
    shown = show_notice(account)
    context = {"account": account, "shown": shown, "older": shown.number > 1}
    context["confirmed"] = is_confirmed(account)
    return render(request, "privacy/notice.html", context)


@login_not_required
@never_cache
@require_safe
@in_visitors_language
def privacy_notice_versions(request: HttpRequest, account: Account) -> HttpResponse:
    versions = account.notice_versions.filter(language=get_language()).defer("html")
    return render(request, "privacy/versions.html", {"account": account, "versions": versions})


@login_not_required
@never_cache
@require_safe
@in_visitors_language
def privacy_notice_version(
    request: HttpRequest, account: Account, language: str, number: int
) -> HttpResponse:
    version = get_object_or_404(NoticeVersion, account=account, language=language, number=number)
    return render(request, "privacy/version.html", {"account": account, "version": version})
