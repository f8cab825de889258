"""Consent of the visitor of a chat: given again, or taken back in one tap (Article 7(3))."""

from contextlib import suppress

from django.db import transaction

from chat import bell
from chat.models import Conversation
from chat.services.conversations import close, erase_if_due_at_once
from chat.services.messages import ChatEnded, locked
from privacy.models import Withdrawal
from privacy.services.erasing.erasure import erase_person
from privacy.services.people.consent import Given, record_consent, withdraw_consent
from privacy.services.rules.suspensions import Suspended


def agree_again(*, conversation: Conversation, given: Given) -> None:
    """Keep the answers of a visitor who was asked again, and let the chat go on.

    Raises :class:`privacy.services.people.consent.ConsentMissing` or
    :class:`chat.services.messages.ChatEnded`, and then nothing has changed.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status == Conversation.Status.CLOSED:
            raise ChatEnded
        chat.answered_version = record_consent(
            account=chat.account, person=chat.contact, form="chat", given=given
        )
        chat.save(update_fields=["answered_version"])


def withdraw(*, conversation: Conversation) -> None:
    """Take back every consent of a chat's visitor, end the chat, and let follow what the account chose.

    Where the account erases, everything of the visitor's goes now, but for what a hold keeps. Withdrawing
    twice changes nothing. Raises :class:`chat.services.messages.ChatEnded` where the chat is erased already.
    """
    with transaction.atomic():
        chat = locked(conversation)
        contact = chat.contact
        withdraw_consent(account=chat.account, person=contact, form="chat")
        if chat.status != Conversation.Status.CLOSED:
            close(chat, side=Conversation.Side.VISITOR)
    if chat.account.withdrawal != Withdrawal.ERASE:
        erase_if_due_at_once(chat)
        return
    with suppress(Suspended):  # a hold keeps a part, and says so to the agents
        erase_person(contact, reason="consent_withdrawn")
    bell.ring(chat.pk, account_id=chat.account_id)
