"""What agents do with a chat: each one address, posted to, and one service call."""

from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat import bell
from chat.models import Conversation
from chat.permissions import may_answer, may_close
from chat.services.conversations import AlreadyAccepted, accept_chat, end_chat
from chat.services.erasing import erase_chat
from chat.services.messages import ChatEnded, mark_seen
from chat.services.sound import set_sound
from chat.views.agent import on_chat, sequence, wants_json
from helpdesk.permissions import agent_required, may_erase
from privacy.categories import Category
from privacy.services.rules.retention import expiry_of
from privacy.services.rules.suspensions import Suspended


@on_chat
@require_POST
def chat_accept(request: HttpRequest, chat: Conversation) -> HttpResponse:
    try:
        accept_chat(conversation=chat, agent=request.user)
    except AlreadyAccepted:
        messages.warning(request, _("Another agent was quicker."))
        return redirect("chat_list")
    except ChatEnded:
        messages.info(request, _("This chat has ended already."))
        return redirect("chat_list")
    return redirect("chat_detail", chat.pk)


@on_chat
@require_POST
def chat_close(request: HttpRequest, chat: Conversation) -> HttpResponse:
    if not may_close(request.user, chat) and chat.status != Conversation.Status.CLOSED:
        raise PermissionDenied
    try:
        end_chat(conversation=chat, side=Conversation.Side.AGENT)
    except ChatEnded:
        pass  # the visitor was quicker, and it is erased: what was asked for is done
    messages.success(request, _what_became_of(chat))
    return redirect("chat_list")


@on_chat
@require_POST
def chat_erase(request: HttpRequest, chat: Conversation) -> HttpResponse:
    if not may_erase(request.user) or chat.status != Conversation.Status.CLOSED:
        raise PermissionDenied
    with suppress(ChatEnded):  # somebody was quicker: what was asked for is done
        try:
            erase_chat(conversation=chat, by=request.user)
        except Suspended:
            messages.error(request, _("Something keeps this chat, such as a legal hold. It is not erased."))
            return redirect("chat_detail", chat.pk)
    messages.success(request, _("The chat is erased."))
    return redirect("chat_closed")


def _what_became_of(chat: Conversation) -> str:
    left = Conversation.objects.filter(pk=chat.pk).first()
    if left is None:
        return _("The chat is closed and erased.")
    expiry = expiry_of(account_id=chat.account_id, category=Category.CHAT, unit=left)
    if expiry.at_once:
        return _("The chat is closed and erased.")
    if expiry.is_held:
        return _("The chat is closed. %(sentence)s.") % {"sentence": expiry.sentence}
    if expiry.at is None:
        return _("The chat is closed. It is kept until somebody deletes it.")
    when = date_format(timezone.localtime(expiry.at), "DATETIME_FORMAT")
    return _("The chat is closed. It will be erased on %(when)s.") % {"when": when}


@on_chat
@require_POST
def chat_typing(request: HttpRequest, chat: Conversation) -> HttpResponse:
    if may_answer(request.user, chat):
        bell.ring_typing(chat.pk, account_id=chat.account_id, side=Conversation.Side.AGENT)
    return HttpResponse(status=204)


@on_chat
@require_POST
def chat_seen(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Only the agent who answers reads on behalf of the chat; a teammate who looks in leaves it unread."""
    seq = sequence(request.POST.get("seq"))
    if may_answer(request.user, chat):
        mark_seen(conversation=chat, seq=seq)
    return HttpResponse(status=204)


@agent_required
@require_POST
def chat_sound(request: HttpRequest) -> HttpResponse:
    set_sound(user=request.user, on=request.POST.get("on") == "1")
    return HttpResponse(status=204) if wants_json(request) else redirect("chat_list")
