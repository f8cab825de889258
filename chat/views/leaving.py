"""Leave a message: what a visitor can do while nobody answers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from chat.forms import LEFT_MESSAGE_LIMIT, LeaveMessageForm
from chat.models import Conversation
from chat.services.leaving import files_of_visitor, leave_message, words_of_visitor
from chat.services.messages import ChatEnded
from chat.views.access import for_visitor_of_chat
from chat.views.visitor import what_is_left
from helpdesk.services.slips import masked_when_opened
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, read_lost_as
from privacy.services.people.consent import ConsentMissing
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import expiry_under, when_of
from privacy.slips import what_was_masked


@require_http_methods(["GET", "POST"])
@for_visitor_of_chat
def visitor_leave_message(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Ask for what a ticket needs, then turn the chat into a ticket."""
    if request.method == "GET":
        return _form(request, chat, LeaveMessageForm(chat.account, initial=_known(chat), auto_id="left_%s"))
    form = LeaveMessageForm(chat.account, request.POST, request.FILES, auto_id="left_%s")
    if not form.is_valid():
        return _form(request, chat, form, status=422)
    try:
        ticket = leave_message(conversation=chat, **form.answers("name", "email", "message", "files"))
    except ConsentMissing:
        form.refuse_consent()
        return _form(request, chat, form, status=422)
    except ChatEnded:
        return HttpResponse(status=410)
    masked = what_was_masked(masked_when_opened(ticket).split())
    context = _context(chat) | what_is_left(chat) | {"masked": masked}
    return render(request, "chat/visitor/_left.html", context, status=201)


def _known(chat: Conversation) -> dict[str, str]:
    return {
        "name": chat.contact.name,
        "email": chat.contact.email,
        "message": words_of_visitor(chat, limit=LEFT_MESSAGE_LIMIT),
    }


def _form(
    request: HttpRequest, chat: Conversation, form: LeaveMessageForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "chat/visitor/_leave.html", _context(chat) | {"form": form}, status=status)


def _context(chat: Conversation) -> dict:
    policy = policy_in_force(account_id=chat.account_id, category=Category.TICKET)
    files = files_of_visitor(chat)
    read_lost_as(UNREADABLE, files)
    return {
        "account": chat.account,
        "files": files,
        "ticket_expiry": expiry_under(policy, None),
        "ticket_when": when_of(policy),
    }
