"""The agents' chat pages: the desk and one open chat."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest, ObjectDoesNotExist, PermissionDenied, ValidationError
from django.forms import IntegerField
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from chat.closed import read_closed
from chat.desk import read_desk
from chat.forms import MessageForm
from chat.models import ChatFile, Conversation
from chat.pane import read_news, read_pane
from chat.permissions import conversation_of, is_gone, may_answer
from chat.services.files import ChatFull
from chat.services.messages import ChatEnded, post_message
from helpdesk.permissions import agent_required
from helpdesk.views.downloads import send_file

JSON = "application/json"
ChatView = Callable[..., HttpResponse]


def on_chat(view: ChatView) -> Callable[..., HttpResponse]:
    """Give a view the chat it names. A chat that was erased, is foreign or never was is answered alike."""

    @wraps(view)
    def with_chat(request: HttpRequest, conversation_id: UUID, **more: int | UUID) -> HttpResponse:
        chat = conversation_of(request.user, conversation_id)
        if chat is None:
            return _gone(request)
        try:
            return view(request, chat, **more)
        except ObjectDoesNotExist:
            if is_gone(chat):
                return _gone(request)
            raise

    return never_cache(agent_required(with_chat))


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "chat/agent/gone.html", status=404)


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", JSON]) == JSON


def sequence(text: str | None) -> int:
    """Return a position in a chat's log; anything else than one is a bad request."""
    try:
        return IntegerField(min_value=0, max_value=2**31 - 1).clean(text)
    except ValidationError as error:
        raise BadRequest("Not a position in a log.") from error


@agent_required
@require_safe
def agent_home(request: HttpRequest) -> HttpResponse:
    return redirect("chat_list")


@never_cache
@agent_required
@require_safe
def chat_list(request: HttpRequest) -> HttpResponse:
    desk = read_desk(request.user)
    return render(request, "chat/agent/list.html", {"desk": desk, "chats_badge": desk.attention})


@never_cache
@agent_required
@require_safe
def chat_queue(request: HttpRequest) -> HttpResponse:
    """Answer with the desk alone: what the pages fetch again whenever something changed."""
    context = {"desk": read_desk(request.user), "open_chat": request.GET.get("open", "")}
    return render(request, "chat/agent/_desk.html", context)


@never_cache
@agent_required
@require_safe
def chat_closed(request: HttpRequest) -> HttpResponse:
    """Show the closed chats that are still kept."""
    desk = read_desk(request.user)
    closed = read_closed(request.user, page=request.GET.get("page", "1"))
    return render(request, "chat/agent/closed.html", {"closed": closed, "chats_badge": desk.attention})


@on_chat
@require_safe
def chat_detail(request: HttpRequest, chat: Conversation) -> HttpResponse:
    return show(request, chat, MessageForm(initial={"client_id": uuid4()}))


@on_chat
@require_http_methods(["GET", "HEAD", "POST"])
def chat_messages(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Answer with what is new behind ``after``; a post says something first."""
    if request.method == "POST":
        return _say(request, chat)
    return JsonResponse(read_news(request.user, chat, after=sequence(request.GET.get("after"))))


def _say(request: HttpRequest, chat: Conversation) -> HttpResponse:
    if not may_answer(request.user, chat):
        return _refused(request, chat)
    form, after = MessageForm(request.POST, request.FILES), sequence(request.POST.get("after", "0"))
    if not form.is_valid():
        return _invalid(request, chat, form)
    try:
        said = post_message(
            conversation=chat, side=Conversation.Side.AGENT, agent=request.user, **form.cleaned_data
        )
    except ChatEnded:
        return _refused(request, chat)
    except ChatFull:
        form.refuse_more_files()
        return _invalid(request, chat, form)
    if wants_json(request):
        return JsonResponse(read_news(request.user, chat, after=after, said=said))
    return redirect("chat_detail", chat.pk)


@on_chat
@require_safe
def chat_file(request: HttpRequest, chat: Conversation, file_pk: UUID) -> HttpResponse:
    return send_file(get_object_or_404(ChatFile.objects.filter(conversation=chat), pk=file_pk))


def show(request: HttpRequest, chat: Conversation, form: MessageForm, status: int = 200) -> HttpResponse:
    pane = read_pane(request.user, chat)
    context = {
        "pane": pane,
        "desk": pane.desk,
        "open_chat": str(chat.pk),
        "form": form,
        "chats_badge": pane.desk.attention,
    }
    return render(request, "chat/agent/detail.html", context, status=status)


def _invalid(request: HttpRequest, chat: Conversation, form: MessageForm) -> HttpResponse:
    if wants_json(request):
        errors = [error for field in form.errors.values() for error in field]
        return JsonResponse({"errors": errors}, status=422)
    return show(request, chat, form, status=422)


def _refused(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Answer a message that came too late, or from somebody who doesn't answer this chat."""
    if chat.status == Conversation.Status.ACTIVE and chat.agent_id != request.user.pk:
        raise PermissionDenied
    if wants_json(request):
        return JsonResponse({"errors": [_("This chat has ended. Your message was not sent.")]}, status=409)
    messages.warning(request, _("This chat has ended. Your message was not sent."))
    return redirect("chat_list")
