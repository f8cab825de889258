"""The bot in a chat that is stored: it begins, takes answers, and hands the visitor over."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from chat import bell
from chat.bot.fields import keep_answer
from chat.bot.flow import Flow, Kind
from chat.bot.talk import SAID, Place, Talk, Turn
from chat.models import Conversation, Message
from chat.services.flows import published_version
from chat.services.messages import ChatEnded, add_entry, locked, post_message
from privacy.models import ConsentRecord, Mechanism
from privacy.services.people.consent import ConsentMissing, Given, answers_of
from privacy.services.people.notices import current_notice


class NotWithBot(Exception):
    """The bot doesn't wait for this any more: an agent, or another tab of the visitor, was quicker."""


class AsksFirst(Exception):
    """The account requires an answer that the visitor hasn't given yet."""


def let_bot_begin(chat: Conversation, *, given: Given, known: Collection[str]) -> None:
    """Let the account's bot talk first in a chat that starts, in the caller's transaction.

    What it asked and was answered before the chat, about consent, becomes the beginning of the log. ``known``
    are the codes of the fields that were filled in already.
    """
    by_bot = given.notice and given.notice.mechanism == Mechanism.BOT
    version = published_version(chat.account)
    if version is None and not by_bot:
        return
    flow = version.flow if version else Flow()
    talk = Talk(flow, chat.account, notice=given.notice if by_bot else None, given=given)
    turn = talk.agreed(given.purposes, known)
    if version is None:
        _say(chat, turn)
        return
    chat.status, chat.bot_version = Conversation.Status.BOT, version
    _go_on(chat, talk, turn)


def talk_of(chat: Conversation) -> Talk:
    """Return the flow that a chat began with, as it is walked now."""
    flow = chat.bot_version.flow if chat.bot_version else Flow()
    return Talk(flow, chat.account, given=given_in(chat))


def given_in(chat: Conversation) -> Given:
    """Return what the visitor of a chat has agreed to, and not taken back."""
    records = answers_of(account=chat.account_id, person=chat.contact)
    agreed = [record.purpose for record in records if record.state == ConsentRecord.State.GIVEN]
    return Given(current_notice(chat.account), frozenset(agreed))


def place_of(chat: Conversation) -> Place:
    """Return where the bot of a chat stands."""
    return Place(chat.bot_step, known=frozenset(chat.bot_known), team=chat.team_id)


def answer_bot(*, conversation: Conversation, step: str, choice: str, words: str = "") -> None:
    """Take the visitor's answer to a step, keep it, and let the bot go on.

    ``words`` were checked by the form of the step's field. Raises
    :class:`chat.services.messages.ChatEnded`, :class:`NotWithBot`, :class:`chat.bot.talk.NoSuchAnswer` and,
    where the visitor must be asked again first, :class:`privacy.services.people.consent.ConsentMissing`; in
    all cases nothing has changed.
    """
    with transaction.atomic():
        chat = _with_bot(conversation)
        if chat.bot_step != step:
            raise NotWithBot
        talk = talk_of(chat)
        turn = talk.answer(place_of(chat), choice, words)
        waiting = talk.flow.get(step)
        if choice == SAID and waiting and (asked := talk.fields.get(waiting.asks)):
            keep_answer(chat, waiting.asks, asked, words, given=given_in(chat))
        _go_on(chat, talk, turn)


def ask_for_person(*, conversation: Conversation) -> None:
    """Let an agent take over because the visitor wants one, whatever the bot was about.

    Raises what :func:`answer_bot` raises, and :class:`AsksFirst`.
    """
    with transaction.atomic():
        chat = _with_bot(conversation)
        if talk_of(chat).missing(chat.bot_known):
            raise AsksFirst
        hand_over(chat)


def speak_past_bot(
    *, conversation: Conversation, body: str, files: Sequence[File] = (), client_id: UUID | None = None
) -> Message:
    """Say something that the bot didn't ask for: it is for a person, so the chat waits for one.

    Raises what :func:`ask_for_person` and :func:`chat.services.messages.post_message` raise.
    """
    with transaction.atomic():
        try:
            ask_for_person(conversation=conversation)
        except NotWithBot:
            pass  # somebody is there already
        return post_message(
            conversation=conversation,
            side=Conversation.Side.VISITOR,
            body=body,
            files=files,
            client_id=client_id,
        )


def hand_over(chat: Conversation) -> None:
    """Put a chat whose row the caller has locked into the agents' queue."""
    chat.status, chat.bot_step, chat.handed_over_at = Conversation.Status.WAITING, "", timezone.now()
    chat.save(update_fields=["status", "bot_step", "handed_over_at"])
    bell.ring(chat.pk, account_id=chat.account_id)
    bell.ring_queue(chat.account_id)


def _with_bot(conversation: Conversation) -> Conversation:
    chat = locked(conversation)
    if chat.status == Conversation.Status.CLOSED:
        raise ChatEnded
    if chat.status != Conversation.Status.BOT:
        raise NotWithBot
    if chat.must_be_asked:
        raise ConsentMissing
    return chat


def _go_on(chat: Conversation, talk: Talk, turn: Turn) -> None:
    _say(chat, turn)
    chat.bot_step, chat.bot_known, chat.team_id = turn.place.step, sorted(turn.place.known), turn.place.team
    chat.save(update_fields=["status", "bot_version", "bot_step", "bot_known", "team"])
    step = talk.flow.get(turn.place.step)
    if step and step.kind == Kind.AGENT:
        hand_over(chat)


def _say(chat: Conversation, turn: Turn) -> None:
    for line in turn.lines:
        add_entry(chat, side=line.side, kind=line.kind, body=line.body)
