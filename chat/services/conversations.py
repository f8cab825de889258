"""The course of a chat: it starts, an agent accepts it, either side ends it, and it is erased on time."""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from chat import bell
from chat.bot.fields import codes_of
from chat.models import ChatAnswer, Conversation, Message, TechnicalData
from chat.services.bot import let_bot_begin
from chat.services.messages import ChatEnded, add_entry, locked
from chat.services.secure import end_requests, erase_spent_values
from helpdesk.models import Account, Contact, User
from helpdesk.services.fields import NO_ANSWERS, keep_answers
from helpdesk.services.silence import silent, silent_since
from helpdesk.services.technical import keep_technical
from helpdesk.technical import NOTHING, Technical
from privacy import vault
from privacy.categories import Category
from privacy.encryption.errors import KeyLost
from privacy.models import DataKey
from privacy.services.counts import count
from privacy.services.erasing import at_once
from privacy.services.erasing.skeletons import keeps_skeletons
from privacy.services.people.consent import Given, record_consent

log = logging.getLogger(__name__)


class AlreadyAccepted(Exception):
    """Another agent was quicker."""


class StartedChat(NamedTuple):
    conversation: Conversation
    token: str  # the visitor's capability: shown once, stored as a hash


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def start_chat(
    *,
    account: Account,
    name: str,
    email: str,
    question: str,
    given: Given,
    technical: Technical = NOTHING,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> StartedChat:
    """Start a chat with a contact of its own, whatever address was typed; the account's bot talks first.

    ``answers`` are those to the fields of the account's own, by their keys.

    Raises :class:`privacy.services.people.consent.ConsentMissing`, and then nothing is stored.
    """
    token = secrets.token_urlsafe(32)
    contact_key = vault.create_key(kind=DataKey.Kind.CONTACT, account_id=account.pk)
    chat_key = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    with transaction.atomic():
        contact = Contact.objects.create(account=account, name=name, email=email, key_id=contact_key)
        answered = record_consent(account=account, person=contact, form="chat", given=given)
        conversation = Conversation.objects.create(
            account=account,
            contact=contact,
            token_hash=hash_token(token),
            key_id=chat_key,
            answered_version=answered,
            spoken_in=get_language() or "",
        )
        keep_technical(TechnicalData, technical, conversation=conversation)
        keep_answers(
            ChatAnswer, answers, account=account, key_id=chat_key, given=given, conversation=conversation
        )
        if question:
            add_entry(conversation, side=Conversation.Side.VISITOR, body=question)
        known = codes_of({"name": name, "email": email, "question": question}, answers)
        let_bot_begin(conversation, given=given, known=known)
        count(account=account, name="chats_started")
        bell.ring_queue(account.pk)
    return StartedChat(conversation, token)


def accept_chat(*, conversation: Conversation, agent: User) -> Conversation:
    """Give a chat that waits, or that the bot talks in, to an agent.

    Raises :class:`AlreadyAccepted` or :class:`ChatEnded`.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.agent_id == agent.pk and chat.status == Conversation.Status.ACTIVE:
            return chat
        if chat.status == Conversation.Status.CLOSED:
            raise ChatEnded
        if chat.status not in {Conversation.Status.WAITING, Conversation.Status.BOT}:
            raise AlreadyAccepted
        chat.status, chat.agent, chat.accepted_at = Conversation.Status.ACTIVE, agent, timezone.now()
        chat.bot_step = ""
        chat.save(update_fields=["status", "agent", "accepted_at", "bot_step"])
        add_entry(chat, side=Conversation.Side.AGENT, kind=Message.Kind.JOINED, agent=agent)
        count(account=chat.account, name="chats_accepted")
        bell.ring_queue(chat.account_id)
    return chat


def end_chat(*, conversation: Conversation, side: str, rating: int | None = None) -> bool:
    """Close a chat, by either side; where the account erases at once, it is erased before this returns.

    ``rating`` (1 to 5) is kept as :func:`keep_rating` says. Ending twice changes nothing, and
    returns false the second time; raises :class:`ChatEnded` where the chat is erased already.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status == Conversation.Status.CLOSED:
            return False
        close(chat, side=side, rating=rating)
    erase_if_due_at_once(chat)
    return True


def close(chat: Conversation, *, side: str, rating: int | None = None) -> None:
    """Close an open chat whose row the caller has locked; to erase it, after the commit, is the caller's."""
    add_entry(chat, side=side, kind=Message.Kind.ENDED)
    end_requests(chat)
    chat.status, chat.closed_at, chat.closed_by = Conversation.Status.CLOSED, timezone.now(), side
    chat.save(update_fields=["status", "closed_at", "closed_by"])
    count(account=chat.account, name="chats_closed")
    if rating:
        keep_rating(chat, rating)
    bell.ring_queue(chat.account_id)


def keep_rating(chat: Conversation, rating: int) -> None:
    """Count a rating (1 to 5) without the chat, and keep it with the chat where figures of it will stay."""
    count(account=chat.account, name=f"chat_rating_{rating}")
    if keeps_skeletons(account_id=chat.account_id, category=Category.CHAT):
        Conversation.objects.filter(pk=chat.pk, rating=None).update(rating=rating)


def erase_if_due_at_once(chat: Conversation) -> None:
    """Keep the promise *at once* now, also of sensitive values that nobody saw, and tell the streams."""
    erase_spent_values(conversation_id=chat.pk)
    at_once.erase_if_due_at_once(chat, account_id=chat.account_id)
    bell.ring(chat.pk, account_id=chat.account_id)


def close_abandoned_chats() -> int:
    """Close chats in which nobody wrote for as long as their account allows; returns how many."""
    closed = 0
    for account in Account.objects.all():
        now = timezone.now()
        since = silent_since(account, Category.CHAT, now)
        for chat in Conversation.objects.open().filter(silent(account, Category.CHAT, now), account=account):
            closed += _close_if_silent(chat, since=since)
    return closed


def _close_if_silent(conversation: Conversation, *, since: datetime) -> bool:
    """Close a chat unless somebody wrote, or ended it, after it was found silent."""
    try:
        with transaction.atomic():
            chat = locked(conversation)
            if chat.status == Conversation.Status.CLOSED or chat.last_message_at >= since:
                return False
            close(chat, side=Conversation.Side.SYSTEM)
    except ChatEnded:
        return False
    except KeyLost:  # nothing can be added to it any more, and it must not keep the others open
        log.error("Chat %s can't be closed: its key is lost.", conversation.pk)
        return False
    erase_if_due_at_once(chat)
    return True
