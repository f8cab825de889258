"""What the chat page asks for while somebody chats. The token travels in a header, and no cookie."""

from uuid import UUID

import redis
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from chat import bell
from chat.attached import read_attached, rule_of_files
from chat.bot.panel import panel_in
from chat.forms import EndForm, MessageForm, PreChatForm
from chat.models import ChatFile, Conversation
from chat.services.bot import AsksFirst, speak_past_bot
from chat.services.conversations import StartedChat, start_chat
from chat.services.files import ChatFull
from chat.services.messages import ChatEnded, post_message
from chat.services.ratings import end_with_rating, rating_ticket
from chat.transcript import transcript_of
from chat.views.access import comes_from_our_page, for_visitor_of_chat, for_visitors
from chat.views.starting import start_again
from helpdesk.forms.consent import ConsentForm
from helpdesk.models import Account
from helpdesk.technical import technical_of
from helpdesk.views.downloads import send_file
from privacy.categories import Category
from privacy.encryption.rows import read_lost_as, share_keys
from privacy.services.erasing.skeletons import keeps_skeletons
from privacy.services.people.consent import ConsentMissing
from privacy.services.rules.retention import expiry_of

TYPING_SECONDS = 2  # the other side is told once in this time, however fast somebody types


@require_POST
@for_visitors
def chat_start(request: HttpRequest, account: Account) -> HttpResponse:
    """Start a chat and answer with its pane, the token in a header; a refused form stores nothing."""
    if not comes_from_our_page(request):
        return HttpResponseForbidden()
    form = PreChatForm(account, request.POST, auto_id="chat_%s")
    if form.is_valid():
        try:
            chat = start_chat(
                account=account,
                **form.answers("name", "email", "question"),
                technical=technical_of(request, account, page=form.cleaned_data["page"]),
            )
        except ConsentMissing:
            form.refuse_consent()
        else:
            return started(request, chat)
    return start_again(request, account, form=form)


def started(request: HttpRequest, chat: StartedChat) -> HttpResponse:
    """Answer with a chat that began just now, and hand out its token."""
    response = pane(request, chat.conversation, token=chat.token, status=201)
    response["X-Chat-Token"] = chat.token
    return response


@require_GET
@for_visitor_of_chat
def visitor_conversation(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Show the chat as it is now; a closed one until it is erased."""
    return pane(request, chat)


@require_POST
@for_visitor_of_chat
def visitor_messages(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Say something and answer with the entry; the same message sent twice is said once."""
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "chat/_message_errors.html", {"form": form}, status=422)
    try:
        if chat.status == Conversation.Status.BOT:
            entry = speak_past_bot(conversation=chat, **form.cleaned_data)
        else:
            entry = post_message(conversation=chat, side=Conversation.Side.VISITOR, **form.cleaned_data)
    except ChatEnded:
        return HttpResponse(status=410)
    except AsksFirst:
        form.add_error("body", _("Please answer the question above first."))
        return render(request, "chat/_message_errors.html", {"form": form}, status=422)
    except ConsentMissing:
        return HttpResponse(status=409)  # the page shows the new text first
    except ChatFull:
        form.refuse_more_files()
        return render(request, "chat/_message_errors.html", {"form": form}, status=422)
    read_attached([entry])
    return render(request, "chat/_message.html", {"entry": entry, "audience": "visitor"}, status=201)


@require_GET
@for_visitor_of_chat
def visitor_file(request: HttpRequest, chat: Conversation, file_pk: UUID) -> HttpResponse:
    """Hand over a file of the chat; the page asks for it, since a link can't send the token."""
    return send_file(get_object_or_404(ChatFile.objects.filter(conversation=chat), pk=file_pk))


@require_POST
@for_visitor_of_chat
def visitor_typing(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Tell the agent that the visitor types."""
    if chat.status == Conversation.Status.ACTIVE and _is_first_in_a_while(chat):
        bell.ring_typing(chat.pk, account_id=chat.account_id, side=Conversation.Side.VISITOR)
    return HttpResponse(status=204)


@require_POST
@for_visitor_of_chat
def visitor_end(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """End the chat, count the rating, and tell when it is erased, or that it is."""
    form = EndForm(request.POST)
    rating = form.cleaned_data["rating"] if form.is_valid() else None
    end_with_rating(conversation=chat, token=request.headers["X-Chat-Token"], rating=rating)
    return render(request, "chat/visitor/_ended.html", {"account": chat.account, **what_is_left(chat)})


@require_GET
@for_visitor_of_chat
def visitor_transcript(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Send a copy of the chat as a text file."""
    response = HttpResponse(transcript_of(chat), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="chat-{chat.created_at:%Y-%m-%d}.txt"'
    return response


def _is_first_in_a_while(chat: Conversation) -> bool:
    try:
        return cache.add(f"typing:{chat.pk}", 1, TYPING_SECONDS)
    except redis.RedisError:
        return False  # the bell would be as silent as the cache


def what_is_left(chat: Conversation) -> dict:
    """Return for the closing screen whether the chat is erased and, where it isn't, when it will be."""
    left = Conversation.objects.filter(pk=chat.pk).first()
    if left is None:
        return {"erased": True}
    expiry = expiry_of(account_id=chat.account_id, category=Category.CHAT, unit=left, for_visitor=True)
    return {"erased": False, "expiry": expiry}


def pane(request: HttpRequest, chat: Conversation, *, token: str = "", status: int = 200) -> HttpResponse:
    """Show the chat as it is now; ``token`` is what opens it where the request does not say it."""
    entries = list(chat.messages.select_related("agent", "secure"))
    agents = {entry.agent_id: entry.agent for entry in entries}
    if chat.agent_id in agents:
        chat.agent = agents[chat.agent_id]
    share_keys([chat, *entries, *read_attached(entries)])
    read_lost_as("", [row.agent for row in (chat, *entries) if row.agent])
    context = {
        "account": chat.account,
        "conversation": chat,
        "entries": entries,
        "audience": "visitor",
        "form": MessageForm(auto_id="message_%s"),
        "panel": panel_in(chat),
        "rule_of_files": rule_of_files(chat.account_id),
        "agreed": chat.answered_version > 0,
        "again": ConsentForm(chat.account, auto_id="again_%s") if chat.must_be_asked else None,
        "rating_stays": keeps_skeletons(account_id=chat.account_id, category=Category.CHAT),
        "expiry": expiry_of(account_id=chat.account_id, category=Category.CHAT, unit=chat, for_visitor=True),
    }
    response = render(request, "chat/visitor/_pane.html", context, status=status)
    response["X-Rating-Ticket"] = rating_ticket(
        account=chat.account, token=token or request.headers["X-Chat-Token"]
    )
    return response
