"""The holds of the account, for its owner and supervisors."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk.models import Account
from helpdesk.permissions import agent_required, may_hold
from helpdesk.views import holds as pages


@agent_required
@never_cache
@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    return pages.listed(request, _reach(request))


@agent_required
@never_cache
@require_POST
def hold_review(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.review(request, _reach(request), pk)


@agent_required
@never_cache
@require_POST
def hold_release(request: HttpRequest, pk: int) -> HttpResponse:
    return pages.release(request, _reach(request), pk)


def _reach(request: HttpRequest) -> pages.Reach:
    if not may_hold(request.user):
        raise PermissionDenied
    return pages.Reach(Account.objects.filter(pk=request.user.account_id), "holds", "agent/holds.html")
