"""The opening hours of an account, on a page of their own."""

from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk.admin.scope import open_accounts
from helpdesk.forms.hours import week_forms
from helpdesk.services.teams import set_hours


@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the week, and save it as a whole."""
    account = get_object_or_404(open_accounts(request), pk=account_id)
    days = week_forms(account.business_hours.all(), request.POST or None)
    back = f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#bot"
    are_valid = [day.is_valid() for day in days]  # each of them, so that each says what is wrong
    if request.method == "POST" and all(are_valid):
        set_hours(
            account=account, stretches=[each for day in days for each in day.stretches], by=request.user
        )
        messages.success(request, _("Saved. It counts from now on."))
        return redirect(back)
    wrong = any(day.errors for day in days)
    context = {"title": _("Opening hours"), "account": account, "days": days, "back": back, "wrong": wrong}
    status = 422 if wrong else 200
    return render(request, "admin/hours.html", {**site.each_context(request), **context}, status=status)
