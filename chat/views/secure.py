"""Asking for a sensitive value, answering in the chat, and seeing it once."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat.attached import read_attached
from chat.forms import SecureAnswerForm, SecureAskForm, SecureViewForm
from chat.models import Conversation, SecureRequest
from chat.permissions import may_answer, may_view_value
from chat.services.messages import ChatEnded
from chat.services.secure import (
    NoSuchRequest,
    RequestOver,
    answer_request,
    ask_for_value,
    decline_request,
    view_value,
)
from chat.views.access import for_visitor_of_chat
from chat.views.agent import on_chat
from privacy.encryption.errors import KeyLost
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.services.people.consent import ConsentMissing


@require_POST
@for_visitor_of_chat
def visitor_secure(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Take the visitor's answer, or that they don't want to give one, and answer with the entry."""
    form = SecureAnswerForm(request.POST)
    if not form.is_valid():
        return render(request, "chat/_message_errors.html", {"form": form}, status=422)
    asked = {"conversation": chat, "request_id": form.cleaned_data["request"]}
    try:
        if form.cleaned_data["decline"]:
            entry = decline_request(**asked)
        else:
            entry = answer_request(**asked, value=form.cleaned_data["value"])
    except NoSuchRequest as error:
        raise Http404 from error
    except (RequestOver, ConsentMissing):
        return HttpResponse(status=409)  # the page shows what became of it, or the new text
    except ChatEnded:
        return HttpResponse(status=410)
    read_attached([entry])
    return render(request, "chat/_message.html", {"entry": entry, "audience": "visitor"}, status=201)


@on_chat
@require_http_methods(["GET", "HEAD", "POST"])
def chat_secure_ask(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Ask the visitor for one sensitive value."""
    if not may_answer(request.user, chat):
        return _too_late(chat)
    form = SecureAskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            ask_for_value(conversation=chat, agent=request.user, **form.cleaned_data)
        except ChatEnded:
            return _too_late(chat)
        return redirect("chat_detail", chat.pk)
    context = {"chat": chat, "form": form, "hours": chat.account.secure_hours}
    return render(request, "chat/agent/secure_ask.html", context, status=422 if form.is_bound else 200)


def _too_late(chat: Conversation) -> HttpResponse:
    """Lead back to a chat in which nothing can be asked; somebody else's is refused."""
    if chat.status == Conversation.Status.ACTIVE:
        raise PermissionDenied
    return redirect("chat_detail", chat.pk)


@on_chat
@require_http_methods(["GET", "HEAD", "POST"])
def chat_secure_value(request: HttpRequest, chat: Conversation, request_pk: UUID) -> HttpResponse:
    """Ask for the reason; a post with one shows the value, and there is no second time."""
    asked = get_object_or_404(SecureRequest.objects.select_related("agent"), pk=request_pk, conversation=chat)
    if not may_view_value(request.user, asked):
        raise PermissionDenied
    share_keys([request.user, asked], lost=UNREADABLE)
    context = {"chat": chat, "asked": asked, "form": SecureViewForm(), "value": None}
    if asked.state != SecureRequest.State.ANSWERED or asked.is_late:
        return render(request, "chat/agent/secure_value.html", context, status=410)
    if request.method != "POST":
        return render(request, "chat/agent/secure_value.html", context)
    context["form"] = form = SecureViewForm(request.POST)
    if not form.is_valid():
        return render(request, "chat/agent/secure_value.html", context, status=422)
    try:
        value = view_value(conversation=chat, request_id=asked.pk, agent=request.user, **form.cleaned_data)
    except RequestOver as error:
        return render(request, "chat/agent/secure_value.html", context | {"asked": error.request}, status=410)
    except (NoSuchRequest, ChatEnded) as error:
        raise Http404 from error
    except KeyLost:
        value = UNREADABLE
    return render(request, "chat/agent/secure_value.html", context | {"value": value})
