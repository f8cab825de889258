"""A sensitive value that is asked for in a chat: under a key of its own, shown once to who asked, erased."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Conversation, Message, SecureRequest, SecureValue
from chat.services.messages import ChatEnded, add_entry, locked
from helpdesk.models import Account, User
from helpdesk.services.slips import without_slips
from privacy import ledger, vault
from privacy.encryption.errors import KeyLost
from privacy.models import DataKey
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.reasons import Reason
from privacy.services.people.consent import ConsentMissing

log = logging.getLogger(__name__)

State = SecureRequest.State


class RequestOver(Exception):
    """It was answered, declined, seen or too late already; ``request`` says which."""

    def __init__(self, request: SecureRequest) -> None:
        super().__init__(request.state)
        self.request = request


class NoSuchRequest(Exception):
    """Nothing of this id was asked for in this chat."""


class NotTheAsker(Exception):
    """Only who asked for a value may see it."""


def ask_for_value(*, conversation: Conversation, agent: User, label: str, why: str) -> Message:
    """Ask the visitor for one sensitive value, in a chat that the agent answers; returns the entry.

    Raises :class:`chat.services.messages.ChatEnded` where it isn't theirs to answer any more.
    """
    label, why = (without_slips(text, account_id=conversation.account_id).text for text in (label, why))
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status != Conversation.Status.ACTIVE or chat.agent_id != agent.pk:
            raise ChatEnded
        request = SecureRequest.objects.create(
            account_id=chat.account_id,
            conversation=chat,
            key_id=chat.key_id,
            agent=agent,
            label=label,
            expires_at=timezone.now() + _term(chat.account_id),
        )
        entry = add_entry(
            chat,
            side=Conversation.Side.AGENT,
            kind=Message.Kind.ASKED,
            body=f"{label}\n{why}",
            agent=agent,
            secure=request,
        )
        _record("secure.asked", chat, by=ledger.reference(agent))
    return entry


def answer_request(*, conversation: Conversation, request_id: UUID, value: str) -> Message:
    """Store what the visitor answers, sealed under a key of its own, and return the entry that says so.

    Slips are not masked in it: this is the place for them. Raises :class:`NoSuchRequest`,
    :class:`RequestOver`, :class:`chat.services.messages.ChatEnded`, or
    :class:`privacy.services.people.consent.ConsentMissing` as for messages; then nothing is stored.
    """
    if conversation.must_be_asked:
        raise ConsentMissing
    key_id = vault.create_key(kind=DataKey.Kind.SECURE, account_id=conversation.account_id)
    with transaction.atomic():
        chat, request = _open_request(conversation, request_id, State.ASKED)
        SecureValue.objects.create(account_id=chat.account_id, request=request, key_id=key_id, value=value)
        now = timezone.now()
        request.state, request.answered_at = State.ANSWERED, now
        request.expires_at = now + _term(chat.account_id)
        request.save(update_fields=["state", "answered_at", "expires_at"])
        entry = _say(chat, request, Message.Kind.ANSWERED, side=Conversation.Side.VISITOR)
        _record("secure.answered", chat)
    return entry


def decline_request(*, conversation: Conversation, request_id: UUID) -> Message:
    """Note that the visitor doesn't want to answer, and return the entry that says so; raises the same."""
    with transaction.atomic():
        chat, request = _open_request(conversation, request_id, State.ASKED)
        _end(request, State.DECLINED)
        entry = _say(chat, request, Message.Kind.DECLINED, side=Conversation.Side.VISITOR)
        _record("secure.declined", chat)
    return entry


def view_value(*, conversation: Conversation, request_id: UUID, agent: User, reason: str) -> str:
    """Return a value to the agent who asked for it, once; it and its key are erased before this returns.

    Of two who ask at the same time one gets it. Where erasing fails, nobody sees it again and the timetable
    erases it. Raises :class:`NoSuchRequest`, :class:`NotTheAsker` or :class:`RequestOver`. Must be called
    outside a transaction.
    """
    reason = without_slips(reason, account_id=conversation.account_id).text
    with transaction.atomic():
        chat, request = _locked_request(conversation, request_id)
        if request.agent_id != agent.pk:
            raise NotTheAsker
        if request.state != State.ANSWERED or request.is_late:
            raise RequestOver(request)
        value = str(request.secure_value.value)
        request.reason = reason
        _end(request, State.VIEWED, "reason")
        _say(chat, request, Message.Kind.VIEWED, side=Conversation.Side.AGENT, agent=agent)
        _record("secure.viewed", chat, by=ledger.reference(agent))
    erase_spent_values(conversation_id=conversation.pk)
    return value


def end_requests(chat: Conversation) -> None:
    """Let nothing be answered or seen in a chat that is being closed; the caller has locked its row."""
    ended = SecureRequest.objects.filter(conversation=chat, over_at=None).update(
        state=State.EXPIRED, over_at=timezone.now()
    )
    if ended:
        ledger.record(
            "secure.expired", account_id=chat.account_id, chat=ledger.reference(chat), requests=ended
        )


def expire_requests(*, now: datetime | None = None) -> int:
    """End what was not answered or seen in time, erase the values, and return how many of them went."""
    late = SecureRequest.objects.filter(over_at=None, expires_at__lte=now or timezone.now())
    for request in late.select_related("conversation"):
        try:
            _expire(request)
        except (ChatEnded, NoSuchRequest, RequestOver):
            continue  # somebody was quicker: it was seen, or its chat closed or erased
        except KeyLost:  # nothing can be said in that chat any more
            SecureRequest.objects.filter(pk=request.pk).update(state=State.EXPIRED, over_at=timezone.now())
    return erase_spent_values()


def erase_spent_values(*, conversation_id: UUID | None = None) -> int:
    """Erase the values that nobody may see any more, with their keys, and return how many.

    The visitor was promised that it goes, so no hold keeps it. What fails is tried again by the timetable.
    """
    spent = SecureValue.objects.filter(request__over_at__isnull=False)
    if conversation_id:
        spent = spent.filter(request__conversation=conversation_id)
    rows = spent.order_by("account_id", "request__state", "pk").values_list(
        "account_id", "request__state", "pk"
    )
    return sum(
        _erase(account_id, state, [pk for _account, _state, pk in group])
        for (account_id, state), group in groupby(list(rows), lambda row: row[:2])
    )


def _erase(account_id: int, state: str, ids: Collection[UUID]) -> int:
    code = "viewed" if state == State.VIEWED else "not_viewed"
    reason = Reason(code, account_id, despite_holds=True)
    try:
        return erase_units(SecureValue, ids, account_id=account_id, reason=reason, wait=True)
    except Exception:
        log.exception(
            "Values of account %s that are over could not be erased; they are tried again.", account_id
        )
        return 0


def _expire(late: SecureRequest) -> None:
    with transaction.atomic():
        chat, request = _open_request(late.conversation, late.pk, late.state, also_late=True)
        _end(request, State.EXPIRED)
        # Nobody said it, so it delays nothing that counts from the last message.
        _say(chat, request, Message.Kind.EXPIRED, side=Conversation.Side.SYSTEM, said_at=chat.last_message_at)
        _record("secure.expired", chat)


def _open_request(
    conversation: Conversation, request_id: UUID, state: str, *, also_late: bool = False
) -> tuple[Conversation, SecureRequest]:
    chat, request = _locked_request(conversation, request_id)
    if chat.status == Conversation.Status.CLOSED:
        raise ChatEnded
    if request.state != state or (request.is_late and not also_late):
        raise RequestOver(request)
    return chat, request


def _locked_request(conversation: Conversation, request_id: UUID) -> tuple[Conversation, SecureRequest]:
    """Return both under the lock of the chat's row, which comes first everywhere."""
    chat = locked(conversation)
    rows = SecureRequest.objects.select_for_update(of=("self",))
    request = rows.filter(pk=request_id, conversation=chat).first()
    if request is None:
        raise NoSuchRequest
    return chat, request


def _end(request: SecureRequest, state: str, *also: str) -> None:
    request.state, request.over_at = state, timezone.now()
    request.save(update_fields=["state", "over_at", *also])


def _say(chat: Conversation, request: SecureRequest, kind: str, **entry) -> Message:
    return add_entry(chat, kind=kind, body=request.label, secure=request, **entry)


def _term(account_id: int) -> timedelta:
    return timedelta(hours=Account.objects.values_list("secure_hours", flat=True).get(pk=account_id))


def _record(action: str, chat: Conversation, **params: str) -> None:
    ledger.record(action, account_id=chat.account_id, chat=ledger.reference(chat), **params)
