"""The requester's consent: taken home, and taken back in one tap, in the thread or by a link in a mail."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.languages import in_browsers_language
from helpdesk.models import TicketParticipant
from helpdesk.services.consent import withdraw
from helpdesk.ticket_links import COOKIE, participant_with_cookie, participant_with_token
from privacy.models import Withdrawal
from privacy.services.people.consent_copy import consent_in_words, copy_of_consent


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_browsers_language
def ticket_withdraw(request: HttpRequest) -> HttpResponse:
    """Withdraw by the link of a mail, with one button; the token is in the fragment."""
    if request.method != "POST":
        return render(request, "tickets/withdraw.html")
    participant = participant_with_token(request.POST.getlist("token"))
    if participant is None:
        return render(request, "tickets/withdraw.html", {"is_unknown": True}, status=404)
    return _withdrawn(request, participant)


@login_not_required
@never_cache
@require_POST
@in_browsers_language
def ticket_consent_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _withdrawn(request, _participant(request, pk))


@login_not_required
@never_cache
@require_safe
@in_browsers_language
def ticket_consent_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a copy of what the requester answered: as data with ``?as=json``, else as text."""
    participant = _participant(request, pk)
    whose = {"account": participant.ticket.account, "person": participant.contact}
    if request.GET.get("as") == "json":
        options = {"ensure_ascii": False, "indent": 2}
        response: HttpResponse = JsonResponse(copy_of_consent(**whose), json_dumps_params=options)
    else:
        response = HttpResponse(consent_in_words(**whose), content_type="text/plain; charset=utf-8")
    ending = "json" if request.GET.get("as") == "json" else "txt"
    response["Content-Disposition"] = f'attachment; filename="consent.{ending}"'
    return response


def _participant(request: HttpRequest, pk: UUID) -> TicketParticipant:
    participant = participant_with_cookie(request.COOKIES.get(COOKIE, ""), pk)
    if participant is None:
        raise Http404
    return participant


def _withdrawn(request: HttpRequest, participant: TicketParticipant) -> HttpResponse:
    account = participant.ticket.account
    withdraw(contact=participant.contact, form="ticket")
    context = {"account": account, "erased": account.withdrawal == Withdrawal.ERASE}
    return render(request, "tickets/withdrawn.html", context)
