"""The owner's page of support access: who may read, until when, what they opened, and the end of it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk.forms.support import SupportForm
from helpdesk.models import SupportGrant
from helpdesk.permissions import agent_required, grants_support
from helpdesk.services.support import AlreadyGranted, NotEligible, NotInForce, end_support, grant_support
from helpdesk.support import read_grants, read_openings_under


@agent_required
@never_cache
@require_safe
def support_access(request: HttpRequest) -> HttpResponse:
    """Show the accesses in force and past ones, and the form for another one."""
    return _page(request)


@agent_required
@never_cache
@require_POST
def support_grant(request: HttpRequest) -> HttpResponse:
    account = request.user.account
    if not grants_support(request.user, account):
        raise PermissionDenied
    form = SupportForm(account, request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        grant_support(account=account, by=request.user, **form.cleaned_data)
    except NotEligible:
        form.add_error("person", _("This person looks after your account no longer."))
    except AlreadyGranted:
        form.add_error("person", _("This person has access already. End it first to grant it anew."))
    if form.errors:
        return _page(request, form)
    messages.success(request, _("Granted. The person gets a mail, and you get one when it is first used."))
    return redirect("support_access")


@agent_required
@never_cache
@require_safe
def support_openings(request: HttpRequest, pk: UUID) -> HttpResponse:
    """List everything that was opened under one access."""
    grant = _grant(request, pk)
    openings = read_openings_under(grant, page=request.GET.get("page", "1"))
    return render(request, "support/openings.html", {"grant": grant, "openings": openings})


@agent_required
@never_cache
@require_POST
def support_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    try:
        end_support(grant=_grant(request, pk), by=request.user)
    except NotInForce:
        messages.info(request, _("This access had ended already."))
    else:
        messages.success(request, _("Ended: nothing more can be opened under it."))
    return redirect("support_access")


def _grant(request: HttpRequest, pk: UUID) -> SupportGrant:
    grants = SupportGrant.objects.visible_to(request.user).select_related("account", "user").to_show()
    return get_object_or_404(grants, pk=pk)


def _page(request: HttpRequest, form: SupportForm | None = None) -> HttpResponse:
    account = request.user.account
    if not grants_support(request.user, account):
        raise PermissionDenied
    granted = read_grants(user=request.user, page=request.GET.get("page", "1"))
    context = {"granted": granted, "form": form or SupportForm(account)}
    return render(request, "support/access.html", context, status=422 if form else 200)
