"""The mailbox of the demo: what would have been sent, for whoever tries Lethe without a mail server."""

from operator import attrgetter

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.models import OutgoingMail, StaffMail

NEWEST = 50


@login_not_required
@never_cache
@require_safe
def demo_mail(request: HttpRequest) -> HttpResponse:
    if not settings.LETHE_DEMO:
        raise Http404
    newest = [
        mail
        for model in (OutgoingMail, StaffMail)
        for mail in model.objects.queued().order_by("-created_at", "-pk")[:NEWEST]
    ]
    newest.sort(key=attrgetter("created_at"), reverse=True)
    return render(request, "tickets/demo_mail.html", {"mails": newest[:NEWEST]})
