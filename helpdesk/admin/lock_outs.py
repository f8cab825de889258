"""Who of the manager's people can't sign in because of failed attempts, and letting them try again."""

from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk.admin.scope import is_operator, open_accounts
from helpdesk.lockout import lift_lockout, lockouts_of
from helpdesk.models import User


def people_in_reach(request: HttpRequest) -> QuerySet[User]:
    """Return the people of the accounts that are open to somebody; for an operator everybody."""
    if is_operator(request):
        return User.objects.to_show()
    return User.objects.to_show().filter(account__in=open_accounts(request))


@require_GET
def lock_outs(request: HttpRequest) -> HttpResponse:
    people = people_in_reach(request).filter(Q(account=None) | Q(account__is_active=True), is_active=True)
    context = {
        **admin.site.each_context(request),
        "title": _("Lock-outs"),
        "lockouts": lockouts_of(people.select_related("account")),
    }
    return render(request, "admin/lock_outs.html", context)


@require_POST
def lift(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = get_object_or_404(people_in_reach(request), pk=person_id)
    lift_lockout(person=person, by=request.user)
    # Messages wait in the session, which isn't sealed, so they name nobody.
    messages.success(request, _("The lock-out is lifted: they can try again now."))
    return redirect("admin:lock_outs")
