"""Erasing a chat by hand, whatever its term."""

from django.db import transaction

from chat import bell
from chat.models import Conversation
from chat.services.messages import locked
from helpdesk.models import User
from privacy import ledger
from privacy.services.erasing.erasure import erase_units
from privacy.services.rules.suspensions import refuse_suspended


class ChatStillOpen(Exception):
    """A chat is closed before it is erased, so that nobody is cut off in the middle of a word."""


def erase_chat(*, conversation: Conversation, by: User) -> None:
    """Erase a closed chat by hand, and tell the streams; the ledger says who ordered it.

    Must be called outside a transaction. Raises :class:`ChatStillOpen`,
    :class:`chat.services.messages.ChatEnded` where it is gone already,
    :class:`privacy.services.rules.suspensions.Suspended` where a hold stops it, and
    :class:`privacy.services.erasing.steps.ErasureIncomplete`; what was begun is finished by the next pass.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status != Conversation.Status.CLOSED:
            raise ChatStillOpen
        refuse_suspended(chat)
        ledger.record(
            "chat.erasure_ordered",
            account_id=chat.account_id,
            chat=ledger.reference(chat),
            by=ledger.reference(by),
        )
    erase_units(Conversation, [chat.pk], account_id=chat.account_id, reason="by_hand", wait=True)
    refuse_suspended(chat)  # a hold that was placed in between
    bell.ring(chat.pk, account_id=chat.account_id)
