"""Why a ticket is still here, and its holds."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk.models import Ticket
from helpdesk.permissions import agent_required
from helpdesk.views import kept


@agent_required
@never_cache
@require_safe
def ticket_kept(request: HttpRequest, pk: UUID) -> HttpResponse:
    return kept.kept(request, _place(request, pk))


@agent_required
@never_cache
@require_POST
def ticket_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    return kept.hold(request, _place(request, pk))


@agent_required
@never_cache
@require_POST
def ticket_hold_release(request: HttpRequest, pk: UUID, hold_pk: int) -> HttpResponse:
    return kept.release(request, _place(request, pk), hold_pk)


def _place(request: HttpRequest, pk: UUID) -> kept.Place:
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user).select_related("requester"), pk=pk)
    title = _("Ticket #%(number)d") % {"number": ticket.number}
    return kept.Place(ticket, ticket.requester, title, "ticket", "ticket_list")
