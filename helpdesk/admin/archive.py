"""Who may open an account's archive, and what they opened: named by managers, read by operators too."""

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk.admin.scope import open_accounts
from helpdesk.archive import read_openings
from helpdesk.forms.archive import ReadersForm
from helpdesk.permissions import names_readers
from helpdesk.services.archive import set_readers


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the readers of an account's archive and each opening without its purpose; save who they are."""
    account = get_object_or_404(open_accounts(request), pk=account_id)
    may_name = names_readers(request.user, account)
    form = ReadersForm(account, request.POST if request.method == "POST" else None)
    if request.method == "POST" and not may_name:
        raise PermissionDenied
    if form.is_valid():
        set_readers(account=account, people=form.cleaned_data["people"], by=request.user)
        messages.success(request, _("Saved. It counts from now on."))
        return redirect("admin:helpdesk_account_archive", account.pk)
    context = {
        **site.each_context(request),
        "title": _("The archive"),
        "account": account,
        "form": form,
        "may_name": may_name,
        "readers": [
            person for person in form.fields["people"].queryset if person.pk in form.initial["people"]
        ],
        "openings": read_openings(account),
    }
    return render(request, "admin/archive.html", context, status=422 if form.is_bound else 200)
