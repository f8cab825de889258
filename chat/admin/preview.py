"""Trying the bot: its draft talks as it would to a visitor, by the same code, and nothing is stored.

The page sends along what was answered so far, and the dialogue is walked anew from its beginning.
"""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.bot.fields import AnswerForm
from chat.bot.flow import STEPS_AT_MOST, Flow, Kind
from chat.bot.panel import as_entries, panel_of
from chat.bot.talk import SAID, Line, NoSuchAnswer, Place, Talk
from chat.bot.walk import notice_of_bot
from helpdesk.forms.consent import notice_to_answer
from helpdesk.models import Account, Team
from privacy.services.people.consent import Given

NOW, OPEN, CLOSED = "now", "open", "closed"
AGAIN = "again"


class TryForm(forms.Form):
    """As whom, and when, the bot is tried."""

    hours = forms.ChoiceField(
        label=gettext_lazy("Opening hours"),
        choices=[
            (NOW, gettext_lazy("now")),
            (OPEN, gettext_lazy("as if open")),
            (CLOSED, gettext_lazy("as if closed")),
        ],
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)


def tried(account: Account, draft: Flow, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the context of the preview after what was answered in it; from the start without ``data``."""
    begin = {"hours": NOW, "language": account.language}
    form = TryForm(data if data is not None else begin, auto_id="try_%s")
    chosen = form.cleaned_data if form.is_valid() else begin
    path = _path(data or {})
    with translation.override(chosen["language"]):
        is_open = None if chosen["hours"] == NOW else chosen["hours"] == OPEN
        notice = notice_of_bot(account)  # where another way of asking comes first, all was agreed to
        given = None if notice else Given.to_all(notice_to_answer(account))
        talk = Talk(draft, account, notice=notice, given=given, is_open=is_open)
        try:
            lines, place = _walk(talk, path)
            refused = _answered(talk, place, path, data or {})
            lines, place = _walk(talk, path)
        except NoSuchAnswer:  # the draft has changed
            path, refused = [], None
            lines, place = _walk(talk, path)
        return {
            "try_form": form,
            "try_entries": as_entries(lines),
            "try_path": json.dumps(path),
            "try_began": bool(path),
            "try_language": chosen["language"],
            "try_note": _note(talk, place),
            "panel": panel_of(talk, place, form=refused),
        }


def _walk(talk: Talk, path: list[list[str]]) -> tuple[list[Line], Place]:
    turn = talk.begin()
    lines = list(turn.lines)
    for choice, words in path:
        turn = talk.answer(turn.place, choice, words)
        lines += turn.lines
    return lines, turn.place


def _answered(talk: Talk, place: Place, path: list[list[str]], data: Mapping[str, Any]) -> forms.Form | None:
    """Add the newest answer to the path, or return the form that refuses it."""
    choice = data.get("choice", "")
    if not choice or choice == AGAIN:
        return None
    waiting = talk.flow.get(place.step)
    words = ""
    if choice == SAID and waiting and waiting.kind == Kind.TEXT and waiting.asks in talk.fields:
        form = AnswerForm(talk.fields[waiting.asks], data)
        if not form.is_valid():
            return form
        words = form.words
    if choice != SAID or words:
        talk.answer(place, choice, words)
        path.append([choice, words])
    return None


def _path(data: Mapping[str, Any]) -> list[list[str]]:
    """Return the answers that the page sends along; what is no list of them is none."""
    if data.get("choice") == AGAIN:
        return []
    try:
        path = json.loads(data.get("path", "[]"))
        "".join(choice + words for choice, words in path).encode()  # half a character can't be shown
    except (TypeError, ValueError, RecursionError):
        return []
    return list(path)[: 2 * STEPS_AT_MOST]


def _note(talk: Talk, place: Place) -> str:
    """Return what would happen where the dialogue stands now, besides words."""
    step = talk.flow.get(place.step)
    team = Team.objects.filter(account=talk.account, pk=place.team).first() if place.team else None
    notes = []
    if talk.is_agreed(place):
        notes.append(_("The chat has begun, and is stored."))
    if team:
        notes.append(_("It was led to the team %(team)s.") % {"team": team.name})
    if step and step.kind == Kind.AGENT:
        notes.append(_("Here it waits for an agent."))
    if step and step.kind == Kind.LEAVE:
        notes.append(_("Here the form to leave a message opens."))
    return " ".join(notes)
