"""What visitors answer to the bot: before they agreed to anything, and in their chat."""

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from chat.attached import read_attached
from chat.bot.fields import AnswerForm
from chat.bot.flow import Kind
from chat.bot.panel import Panel, as_entries, panel_in, panel_of
from chat.bot.talk import SAID, NoSuchAnswer
from chat.bot.walk import Stale, Walk, resume_walk
from chat.models import Conversation
from chat.services.bot import AsksFirst, NotWithBot, answer_bot, ask_for_person, place_of, talk_of
from chat.services.conversations import start_chat
from chat.services.messages import ChatEnded
from chat.views.access import comes_from_our_page, for_visitor_of_chat, for_visitors
from chat.views.agent import sequence
from chat.views.starting import start_again
from chat.views.visitor import started
from helpdesk.models import Account
from helpdesk.pages import clean_page
from helpdesk.technical import technical_of
from privacy.encryption.rows import share_keys
from privacy.services.people.consent import ConsentMissing, Given

PERSON = "person"  # the choice that every panel of a chat offers
OUT_OF_DATE = _("This question was out of date. Please answer it as it is now.")


@require_POST
@for_visitors
def chat_bot(request: HttpRequest, account: Account) -> HttpResponse:
    """Take an answer before there is a chat. The one that agrees starts it; no other stores anything."""
    if not comes_from_our_page(request):
        return HttpResponseForbidden()
    try:
        walk = resume_walk(account, request.POST.get("state", ""))
    except Stale:
        return start_again(request, account, told=OUT_OF_DATE)
    with translation.override(walk.language):  # the one in which the question was read
        return _answer(request, account, walk)


def _answer(request: HttpRequest, account: Account, walk: Walk) -> HttpResponse:
    try:
        turn = walk.talk.answer(walk.place, request.POST.get("choice", ""))
    except NoSuchAnswer:
        return start_again(request, account, told=OUT_OF_DATE)
    if walk.talk.is_agreed(turn.place):
        return _start(request, account, walk, turn.place.answers)
    entries = as_entries(turn.lines, after=walk.said)
    walk = walk.on(turn)
    return _turn(request, account, entries, panel_of(walk.talk, walk.place), state=walk.state)


def _start(request: HttpRequest, account: Account, walk: Walk, answers: dict[str, bool]) -> HttpResponse:
    page = clean_page(request.POST.get("page", ""), account)
    agreed = frozenset(purpose for purpose, agrees in answers.items() if agrees)
    given = Given(walk.talk.notice, agreed, origin=page.origin, page=page.path)
    try:
        chat = start_chat(
            account=account,
            name="",
            email="",
            question="",
            given=given,
            technical=technical_of(request, account, page=page),
        )
    except ConsentMissing:
        return start_again(request, account, told=OUT_OF_DATE)
    return started(request, chat)


@require_POST
@for_visitor_of_chat
def visitor_bot(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Take an answer to the bot of a chat, and show what was said since and what can be answered now."""
    after = sequence(request.POST.get("after", "0"))
    step, choice = request.POST.get("step", ""), request.POST.get("choice", "")
    talk, place = talk_of(chat), place_of(chat)
    waiting = talk.flow.get(place.step)
    words = ""
    if choice == SAID and waiting and waiting.kind == Kind.TEXT and waiting.asks in talk.fields:
        form = AnswerForm(talk.fields[waiting.asks], request.POST)
        if not form.is_valid():
            return _turn(request, chat.account, [], panel_in(chat, form=form), status=422)
        words = form.words
    try:
        if choice == PERSON:
            ask_for_person(conversation=chat)
        else:
            answer_bot(conversation=chat, step=step, choice=choice, words=words)
    except ChatEnded:
        return HttpResponse(status=410)
    except ConsentMissing:
        return HttpResponse(status=409)  # the page shows the new text first
    except (NotWithBot, NoSuchAnswer, AsksFirst):
        pass  # answered already, or by somebody who doesn't see what is asked: what is said now tells
    return _news(request, Conversation.objects.get(pk=chat.pk), after=after)


def _news(request: HttpRequest, chat: Conversation, *, after: int) -> HttpResponse:
    entries = list(chat.messages.filter(seq__gt=after).select_related("agent"))
    share_keys([chat, *entries, *read_attached(entries)])
    return _turn(request, chat.account, entries, panel_in(chat))


def _turn(
    request: HttpRequest,
    account: Account,
    entries: list,
    panel: Panel | None,
    *,
    state: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {"account": account, "entries": entries, "panel": panel, "state": state, "audience": "visitor"}
    return render(request, "chat/visitor/_bot_turn.html", context, status=status)
