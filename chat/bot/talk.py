"""Walking through a flow. The same code talks to visitors, before and after they agreed, and to a preview."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

from chat.bot.fields import QUESTION, Askable, askable
from chat.bot.flow import END, STORES, WAITS, Flow, Kind, Step
from chat.models import Conversation, Message
from helpdesk import hours
from helpdesk.models import Account
from privacy.models import ConsentNotice
from privacy.models.consent import Question
from privacy.services.people.consent import Given
from privacy.texts import Texts, in_language

BOT, VISITOR = Conversation.Side.BOT, Conversation.Side.VISITOR
YES, NO, SAID, SKIPPED = "yes", "no", "said", "skipped"
ASKED_FIRST = ".consent"  # a step of no flow: it asks where the first step of an older version doesn't


class NoSuchAnswer(Exception):
    """The step doesn't take this answer, or there is no such step."""


@dataclass(frozen=True)
class Line:
    """What one side says; ``address`` is where a link leads."""

    side: str
    words: str
    kind: str = Message.Kind.TEXT
    address: str = ""

    @property
    def body(self) -> str:
        return f"{self.words}\n{self.address}" if self.address else self.words


@dataclass(frozen=True)
class Place:
    """Where a dialogue stands: the step that waits, and what was answered until then.

    ``answers`` are those to the questions of consent, by purpose; ``known`` the fields that were asked for.
    """

    step: str = END
    answers: Mapping[str, bool] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    team: int | None = None
    is_refused: bool = False


class Turn(NamedTuple):
    """What was said since the last turn, and where the dialogue stands now."""

    lines: list[Line]
    place: Place


class Talk:
    """A flow, an account and a moment.

    With ``notice`` the bot asks its questions first, whatever the flow begins with; without, its steps of
    consent are passed by. ``given`` is what the visitor has agreed to otherwise. ``is_open`` is asked of the
    opening hours where it isn't given.
    """

    def __init__(
        self,
        flow: Flow,
        account: Account,
        *,
        notice: ConsentNotice | None = None,
        given: Given | None = None,
        is_open: bool | None = None,
    ) -> None:
        self.flow = asking_first(flow) if notice else flow
        self.account = account
        self.notice = notice
        self._given = given
        self._is_open = is_open

    @cached_property
    def fields(self) -> dict[str, Askable]:
        return askable(self.account)

    def given(self, place: Place) -> Given:
        """Return what the visitor has agreed to until now."""
        agreed = frozenset(purpose for purpose, agrees in place.answers.items() if agrees)
        return self._given or Given(self.notice, agreed)

    @property
    def is_open(self) -> bool:
        return hours.is_open(self.account) if self._is_open is None else self._is_open

    def begin(self, known: Collection[str] = ()) -> Turn:
        """Say what comes first."""
        place = Place(known=frozenset(known))
        first = self.flow.get(self.flow.first)
        asked = self.open_question(place)
        if first is None or asked is None or self.notice is None:
            return self._go(self.flow.first, place, [])
        opening = [self._words(first.words), self.notice.opening, self.notice.words_of(asked)]
        lines = [Line(BOT, words) for words in opening if words]
        return Turn(lines, replace(place, step=first.name))

    def answer(self, place: Place, choice: str, words: str = "") -> Turn:
        """Take the visitor's answer and say what follows; ``words`` were checked by the form of its field.

        Raises :class:`NoSuchAnswer`.
        """
        step = self.flow.get(place.step)
        if step is None:
            raise NoSuchAnswer
        if step.kind == Kind.CONSENT:
            return self._answer_consent(step, place, choice)
        if step.kind == Kind.BUTTONS:
            return self._press(step, place, choice)
        if step.kind == Kind.TEXT:
            return self._answer_in_words(step, place, choice, words)
        raise NoSuchAnswer

    def agreed(self, purposes: Collection[str], known: Collection[str] = ()) -> Turn:
        """Say again what was asked and answered until somebody agreed to these purposes, and go on."""
        turn = self.begin(known)
        lines = turn.lines
        while (question := self.open_question(turn.place)) and not turn.place.is_refused:
            turn = self.answer(turn.place, YES if question.purpose in purposes else NO)
            lines = [*lines, *turn.lines]
        return Turn(lines, turn.place)

    def open_question(self, place: Place) -> Question | None:
        """Return the question of consent that is to be answered next."""
        asked = self.notice.asked if self.notice else []
        return next((each for each in asked if each.purpose not in place.answers), None)

    def is_agreed(self, place: Place) -> bool:
        """Tell whether everything was answered, and what is required agreed to."""
        return self.notice is not None and not place.is_refused and self.open_question(place) is None

    def missing(self, known: Collection[str]) -> list[str]:
        """Return the codes of the fields that the account requires and nobody has answered yet."""
        return [code for code, asked in self.fields.items() if asked.is_required and code not in known]

    def _answer_consent(self, step: Step, place: Place, choice: str) -> Turn:
        question = self.open_question(place)
        if question is None or self.notice is None or choice not in {YES, NO}:
            raise NoSuchAnswer
        place = replace(place, answers={**place.answers, question.purpose: choice == YES})
        lines = [Line(VISITOR, yes_or_no()[choice], Message.Kind.ANSWER)]
        if choice == NO and question.required:
            refusal = [_("Then nothing of this is stored."), self._words(self.account.refusal)]
            lines.append(Line(BOT, " ".join(filter(None, refusal))))
            return self._go(step.otherwise, replace(place, is_refused=True), lines)
        following = self.open_question(place)
        if following:
            lines.append(Line(BOT, self.notice.words_of(following)))
            return Turn(lines, place)
        return self._go(step.next, place, lines)

    def _press(self, step: Step, place: Place, choice: str) -> Turn:
        if choice not in map(str, range(len(step.buttons))):
            raise NoSuchAnswer
        button = step.buttons[int(choice)]
        pressed = Line(VISITOR, self._words(button.words), Message.Kind.ANSWER)
        return self._go(button.next, place, [pressed])

    def _answer_in_words(self, step: Step, place: Place, choice: str, words: str) -> Turn:
        asked = self.fields.get(step.asks)
        if choice == SKIPPED and not (asked and asked.is_required):
            said = Line(VISITOR, _("Skip"), Message.Kind.ANSWER)
        elif choice == SAID and asked and words:
            kind = Message.Kind.TEXT if step.asks == QUESTION else Message.Kind.ANSWER
            said = Line(VISITOR, asked.in_log(words), kind)
        else:
            raise NoSuchAnswer
        return self._go(step.next, replace(place, known=place.known | {step.asks}), [said])

    def _go(self, name: str, place: Place, lines: list[Line]) -> Turn:
        """Follow the steps from one on, up to the first that waits."""
        for _step in self.flow:  # a version has no cycle; a draft that is tried may have
            step = self.flow.get(name)
            if step is None or (place.is_refused and step.kind in STORES):
                break
            if not self._is_passed(step, place):
                lines += self._said(step)
                if step.kind in WAITS:
                    return Turn(lines, replace(place, step=step.name))
                if step.kind == Kind.DEPARTMENT:
                    place = replace(place, team=step.team)
            name = self._way(step)
        return Turn(lines, replace(place, step=END))

    def _is_passed(self, step: Step, place: Place) -> bool:
        """Tell whether a step has nothing to ask: it was answered, or may not be asked of this visitor."""
        if step.kind == Kind.TEXT:
            asked = self.fields.get(step.asks)
            is_answered = step.asks in place.known
            return asked is None or is_answered or asked.lacks_agreement(self.given(place))
        return step.kind == Kind.CONSENT

    def _way(self, step: Step) -> str:
        if step.kind == Kind.HOURS and not self.is_open:
            return step.otherwise
        return step.next

    def _said(self, step: Step) -> list[Line]:
        words = self._words(step.words)
        if step.kind == Kind.LINK:
            return [Line(BOT, words, Message.Kind.LINK, step.url)]
        return [Line(BOT, words)] if words else []

    def _words(self, texts: Texts) -> str:
        return in_language(texts, self.account.language)


def yes_or_no() -> dict[str, str]:
    """Return the two answers to a question of consent, equal in weight (Article 4(11))."""
    return {YES: _("Yes, I agree"), NO: _("No")}


def asking_first(flow: Flow) -> Flow:
    """Return a flow that begins with the questions of consent; *no* ends it where nobody decided more."""
    if flow and flow.steps[0].kind == Kind.CONSENT:
        return flow
    return Flow((Step(ASKED_FIRST, Kind.CONSENT, next=flow.first, otherwise=END), *flow))
