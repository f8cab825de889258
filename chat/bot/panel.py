"""What a visitor can answer at this moment: buttons, a field, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from django import forms
from django.utils.translation import gettext as _

from chat.bot.fields import AnswerForm
from chat.bot.flow import END, Kind
from chat.bot.talk import SAID, SKIPPED, Line, Place, Talk, yes_or_no
from chat.models import Conversation, Message
from chat.services.bot import place_of, talk_of
from privacy.texts import in_language


class Choice(NamedTuple):
    value: str
    words: str


@dataclass(frozen=True)
class Panel:
    """``asked`` are the words that are answered, for those who don't see the log above."""

    step: str
    kind: str = ""  # empty where the dialogue has ended
    asked: str = ""
    choices: Sequence[Choice] = ()
    form: forms.Form | None = None
    policy_url: str = ""
    may_ask_person: bool = False


def panel_of(talk: Talk, place: Place, *, form: forms.Form | None = None) -> Panel:
    """Return what can be answered where a dialogue stands; ``form`` is what was refused a moment ago."""
    step = talk.flow.get(place.step)
    if step is None:
        return Panel(END)
    asked = in_language(step.words, talk.account.language)
    if step.kind == Kind.CONSENT and talk.notice and (question := talk.open_question(place)):
        choices = [Choice(*each) for each in yes_or_no().items()]
        words = talk.notice.words_of(question)
        return Panel(step.name, step.kind, words, choices, policy_url=talk.notice.policy_url)
    if step.kind == Kind.BUTTONS:
        words_of = [in_language(button.words, talk.account.language) for button in step.buttons]
        return Panel(step.name, step.kind, asked, [Choice(str(n), words) for n, words in enumerate(words_of)])
    if step.kind == Kind.TEXT:
        field = talk.fields.get(step.asks)
        choices = [Choice(SAID, _("Send"))] if field else []
        choices += [] if field and field.is_required else [Choice(SKIPPED, _("Skip"))]
        form = form or (AnswerForm(field) if field else None)
        return Panel(step.name, step.kind, asked, choices, form)
    return Panel(step.name, step.kind, asked)


def panel_in(chat: Conversation, *, form: forms.Form | None = None) -> Panel | None:
    """Return what the visitor of a chat can answer to its bot; ``None`` where no bot talks with them.

    A person can always be asked for, once the account knows what it requires (Article 22(3)), except where a
    message is to be left: there a person answers anyway.
    """
    if chat.status != Conversation.Status.BOT:
        return None
    talk = talk_of(chat)
    panel = panel_of(talk, place_of(chat), form=form)
    is_complete = panel.kind != Kind.LEAVE and not talk.missing(chat.bot_known)
    return replace(panel, may_ask_person=is_complete)


def as_entries(lines: Sequence[Line], *, after: int = 0) -> list[Message]:
    """Return lines as entries of a log, to be shown and never stored, numbered after ``after``."""
    return [
        Message(seq=seq, side=line.side, kind=line.kind, body=line.body)
        for seq, line in enumerate(lines, start=after + 1)
    ]
