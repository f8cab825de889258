"""Why a chat is still here, and its holds."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.models import Conversation
from chat.views.agent import on_chat
from helpdesk.views import kept


@on_chat
@require_safe
def chat_kept(request: HttpRequest, chat: Conversation) -> HttpResponse:
    return kept.kept(request, _place(chat))


@on_chat
@require_POST
def chat_hold(request: HttpRequest, chat: Conversation) -> HttpResponse:
    return kept.hold(request, _place(chat))


@on_chat
@require_POST
def chat_hold_release(request: HttpRequest, chat: Conversation, hold_pk: int) -> HttpResponse:
    return kept.release(request, _place(chat), hold_pk)


def _place(chat: Conversation) -> kept.Place:
    return kept.Place(chat, chat.contact, _("Chat"), "chat", "chat_closed")
