"""The screen that a chat begins with: the form of the account, or the first question of its bot."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chat.bot.panel import as_entries, panel_of
from chat.bot.walk import begin_walk
from chat.forms import PreChatForm
from helpdesk.models import Account
from privacy.categories import Category
from privacy.models import ConsentNotice
from privacy.services.rules.retention import expiry_of


def start_screen(account: Account, *, form: PreChatForm | None = None, told: str = "") -> dict[str, Any]:
    """Return the context of the screen; ``screen`` names its template.

    ``form`` is one that was refused, ``told`` what the visitor should know beside it.
    """
    expiry = expiry_of(account_id=account.pk, category=Category.CHAT)
    context = {"account": account, "expiry": expiry, "audience": "visitor", "told": told}
    form = form or PreChatForm(account, auto_id="chat_%s")
    if form.notice and form.is_for_bot:
        return context | _asked_by_bot(account, form.notice)
    return context | {"screen": "chat/visitor/_form.html", "form": form}


def start_again(
    request: HttpRequest, account: Account, *, form: PreChatForm | None = None, told: str = ""
) -> HttpResponse:
    """Answer what could not begin a chat with the screen as it is now; nothing was stored."""
    context = start_screen(account, form=form, told=told)
    return render(request, context["screen"], context, status=422)


def _asked_by_bot(account: Account, notice: ConsentNotice) -> dict[str, Any]:
    walk, turn = begin_walk(account, notice)
    return {
        "screen": "chat/visitor/_bot_start.html",
        "entries": as_entries(turn.lines),
        "panel": panel_of(walk.talk, walk.place),
        "state": walk.state,
    }
