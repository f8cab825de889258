"""The mailbox of the demo: what would have been sent, for whoever tries Lethe without a mail server."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.models import OutgoingMail

NEWEST = 50


@login_not_required
@never_cache
@require_safe
def demo_mail(request: HttpRequest) -> HttpResponse:
    if not settings.LETHE_DEMO:
        raise Http404
    mails = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED).order_by("-created_at", "-pk")
    return render(request, "tickets/demo_mail.html", {"mails": mails[:NEWEST]})
