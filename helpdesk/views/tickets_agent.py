"""The agents' pages for tickets. Every ticket is fetched through what its reader may see."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk.forms.reply import AssigneeForm, NoteForm, ReplyForm, StatusForm
from helpdesk.models import Ticket, TicketFile
from helpdesk.permissions import agent_required, may_erase
from helpdesk.services.tickets import (
    ConsentWithdrawn,
    NotOfThisAccount,
    TicketErased,
    add_note,
    assign_ticket,
    change_status,
    close_ticket,
    erase_ticket,
    reply_ticket,
)
from helpdesk.thread import read_agent_thread
from helpdesk.ticket_list import read_ticket_list
from helpdesk.views.downloads import send_file
from privacy.categories import Category
from privacy.services.rules.retention import expiry_of
from privacy.services.rules.suspensions import Suspended


@agent_required
@never_cache
@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    listed = read_ticket_list(
        user=request.user,
        status=request.GET.get("status", ""),
        mine="mine" in request.GET,
        page=request.GET.get("page", "1"),
    )
    return render(request, "tickets/agent/list.html", {"listed": listed, "tickets_badge": listed.open_count})


@agent_required
@never_cache
@require_safe
def ticket_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _page(request, _ticket(request, pk))


@agent_required
@never_cache
@require_POST
def ticket_reply(request: HttpRequest, pk: UUID) -> HttpResponse:
    ticket, form = _ticket(request, pk), ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, ticket, reply_form=form)
    words, files = form.cleaned_data["reply"], form.cleaned_data["files"]
    return _done(
        request, ticket, lambda: reply_ticket(ticket=ticket, agent=request.user, body=words, files=files)
    )


@agent_required
@never_cache
@require_POST
def ticket_note(request: HttpRequest, pk: UUID) -> HttpResponse:
    ticket, form = _ticket(request, pk), NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, note_form=form)
    return _done(
        request, ticket, lambda: add_note(ticket=ticket, agent=request.user, body=form.cleaned_data["note"])
    )


@agent_required
@never_cache
@require_POST
def ticket_assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    ticket = _ticket(request, pk)
    form = AssigneeForm(ticket.account_id, request.POST)
    if not form.is_valid():
        return _page(request, ticket, assignee_form=form)
    assignee = form.cleaned_data["assignee"]
    return _done(request, ticket, lambda: assign_ticket(ticket=ticket, assignee=assignee, by=request.user))


@agent_required
@never_cache
@require_POST
def ticket_status(request: HttpRequest, pk: UUID) -> HttpResponse:
    ticket, form = _ticket(request, pk), StatusForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, status_form=form)
    status = form.cleaned_data["status"]
    return _done(request, ticket, lambda: change_status(ticket=ticket, status=status, by=request.user))


@agent_required
@never_cache
@require_POST
def ticket_close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Close a ticket. Where that erases it, whoever closes says so; the page may be older than the rule."""
    ticket = _ticket(request, pk)
    expiry = expiry_of(account_id=ticket.account_id, category=Category.TICKET, unit=ticket)
    if expiry.at_once and request.POST.get("erase") != "yes":
        messages.warning(request, _("Here tickets are erased when they are closed. Is that what you want?"))
        return redirect("ticket_detail", pk)
    try:
        erased = close_ticket(ticket=ticket, by=request.user)
    except TicketErased:
        return _erased(request, ticket)
    if erased:
        return _erased(request, ticket)
    messages.success(request, _("Ticket #%d is closed.") % ticket.number)
    return redirect("ticket_detail", pk)


@agent_required
@never_cache
@require_POST
def ticket_erase(request: HttpRequest, pk: UUID) -> HttpResponse:
    ticket = _ticket(request, pk)
    if not may_erase(request.user):
        raise PermissionDenied
    with suppress(TicketErased):  # somebody was quicker: what was asked for is done
        try:
            erase_ticket(ticket=ticket, by=request.user)
        except Suspended:
            messages.error(request, _("Something keeps this ticket, such as a legal hold. It is not erased."))
            return redirect("ticket_detail", pk)
    return _erased(request, ticket)


@agent_required
@never_cache
@require_safe
def ticket_file_download(request: HttpRequest, pk: UUID, file_pk: UUID) -> HttpResponse:
    return send_file(get_object_or_404(TicketFile.objects.filter(ticket=_ticket(request, pk)), pk=file_pk))


def _ticket(request: HttpRequest, pk: UUID) -> Ticket:
    tickets = Ticket.objects.visible_to(request.user).select_related("account", "requester", "assignee")
    return get_object_or_404(tickets, pk=pk)


def _page(request: HttpRequest, ticket: Ticket, **bound: Form) -> HttpResponse:
    thread = read_agent_thread(ticket, user=request.user)
    forms = {
        "reply_form": ReplyForm(),
        "note_form": NoteForm(),
        "assignee_form": AssigneeForm(ticket.account_id, initial={"assignee": ticket.assignee_id}),
        "status_form": StatusForm(initial={"status": ticket.status}),
    }
    context = {
        "ticket": ticket,
        "thread": thread,
        "tickets_badge": thread.open_count,
        "may_erase": may_erase(request.user),
        **forms,
        **bound,
    }
    context["assignee_form"].offer(thread.people)
    return render(request, "tickets/agent/detail.html", context, status=422 if bound else 200)


def _done(request: HttpRequest, ticket: Ticket, service: Callable[[], object]) -> HttpResponse:
    try:
        service()
    except TicketErased:
        return _erased(request, ticket)
    except ConsentWithdrawn:
        messages.error(
            request, _("The requester has withdrawn their consent: nothing more is done with this ticket.")
        )
    except NotOfThisAccount:
        messages.error(request, _("This person can't be given the ticket any more."))
    return redirect("ticket_detail", ticket.pk)


def _erased(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    messages.success(request, _("Ticket #%d is erased.") % ticket.number)
    return redirect("ticket_list")
