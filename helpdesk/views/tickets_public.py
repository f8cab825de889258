"""What somebody outside does with a ticket: open one, come back by the link, read and answer."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.forms.reply import AnswerForm
from helpdesk.forms.ticket import TicketForm
from helpdesk.languages import in_browsers_language, in_visitors_language, refuse_switched_off
from helpdesk.models import Account, TicketFile, TicketMessage, TicketParticipant
from helpdesk.services.contacts import verify_address
from helpdesk.services.slips import masked_when_opened
from helpdesk.services.tickets import TicketErased, answer_ticket, open_ticket
from helpdesk.technical import technical_of
from helpdesk.thread import read_thread
from helpdesk.ticket_links import (
    COOKIE,
    cookie_for,
    participant_with_cookie,
    participant_with_token,
    thread_address,
    was_opened_here,
)
from helpdesk.views.downloads import send_file
from privacy.categories import Category
from privacy.services.people.consent import ConsentMissing, needs_asking
from privacy.services.rules.retention import expiry_of
from privacy.slips import what_was_masked


@login_not_required
@csrf_exempt  # no session, no cookie: there is nothing that a forged post could misuse
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_visitors_language
def ticket_new(request: HttpRequest, account: Account) -> HttpResponse:
    refuse_switched_off(account)
    form = TicketForm(account, *((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_bound and form.is_valid():
        try:
            ticket = open_ticket(account=account, **form.values(), technical=technical_of(request, account))
        except ConsentMissing:
            form.add_error(
                None, _("We could not note that you agree, so nothing was stored. Please try again.")
            )
        else:
            return _sent(account.public_id, masked=masked_when_opened(ticket))
    expiry = expiry_of(account_id=account.pk, category=Category.TICKET)
    context = {"account": account, "form": form, "expiry": expiry}
    return render(request, "tickets/new.html", context, status=422 if form.is_bound else 200)


def _sent(public_id: str, *, masked: str) -> HttpResponse:
    address = reverse("ticket_sent", args=[public_id])
    return redirect(f"{address}?{urlencode({'masked': masked})}" if masked else address)


@login_not_required
@require_safe
@in_visitors_language
def ticket_sent(request: HttpRequest, account: Account) -> HttpResponse:
    refuse_switched_off(account)
    expiry = expiry_of(account_id=account.pk, category=Category.TICKET)
    context = {
        "account": account,
        "expiry": expiry,
        "is_demo": settings.LETHE_DEMO,
        "masked": what_was_masked(request.GET.get("masked", "").split()),
    }
    return render(request, "tickets/sent.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_browsers_language
def ticket_open(request: HttpRequest) -> HttpResponse:
    """Exchange the token of a link for a cookie. The fragment reaches us only by this page's post."""
    if request.method != "POST":
        return render(request, "tickets/open.html")
    participant = participant_with_token(request.POST.getlist("token"))
    if participant is None:
        return render(request, "tickets/open.html", {"is_unknown": True}, status=404)
    verify_address(participant=participant)
    address = thread_address(participant.ticket)
    response = redirect(address)
    response.set_cookie(
        COOKIE,
        cookie_for(participant),
        path=address,  # no other page receives it, and links to two tickets don't push each other out
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@login_not_required
@never_cache
@require_safe
@in_browsers_language
def ticket_thread(request: HttpRequest, pk: UUID) -> HttpResponse:
    participant = _participant(request, pk)
    return _thread(request, participant, _answer_form(participant)) if participant else _gone(request)


@login_not_required
@never_cache
@require_POST
@in_browsers_language
def ticket_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    participant = _participant(request, pk)
    if participant is None:
        return _gone(request)
    form = _answer_form(participant, request.POST, request.FILES)
    if not form.is_valid():
        return _thread(request, participant, form)
    try:
        answer_ticket(
            participant=participant,
            body=form.cleaned_data["message"],
            files=form.cleaned_data["files"],
            given=form.given,
        )
    except ConsentMissing:
        form.refuse_consent()
        return _thread(request, participant, form)
    except TicketErased:
        return _gone(request)
    return redirect("ticket_thread", pk)


@login_not_required
@never_cache
@require_safe
def ticket_thread_file(request: HttpRequest, pk: UUID, file_pk: UUID) -> HttpResponse:
    if not (participant := _participant(request, pk)):
        raise Http404
    files = TicketFile.objects.filter(ticket_id=pk).exclude(message__kind=TicketMessage.Kind.NOTE)
    return send_file(get_object_or_404(files, pk=file_pk, message__participant=participant))


def _answer_form(participant: TicketParticipant, *given: Any) -> AnswerForm:
    account = participant.ticket.account
    asked = needs_asking(account=account, person=participant.contact)
    return AnswerForm(*given, asks=account if asked else None)


def _participant(request: HttpRequest, ticket_id: UUID) -> TicketParticipant | None:
    return participant_with_cookie(request.COOKIES.get(COOKIE, ""), ticket_id)


def _thread(request: HttpRequest, participant: TicketParticipant, form: AnswerForm) -> HttpResponse:
    thread = read_thread(participant.ticket, for_participant=participant)
    context = {"account": participant.ticket.account, "thread": thread, "form": form}
    return render(request, "tickets/thread.html", context, status=422 if form.is_bound else 200)


def _gone(request: HttpRequest) -> HttpResponse:
    was_erased = was_opened_here(request.COOKIES.get(COOKIE, ""))
    return render(request, "tickets/gone.html", {"was_erased": was_erased}, status=410 if was_erased else 404)
