"""A chat with nobody there becomes a ticket."""

from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from chat.models import Conversation
from chat.services.conversations import close, erase_if_due_at_once
from chat.services.messages import ChatEnded, locked
from helpdesk.models import Ticket
from helpdesk.services.tickets import open_ticket
from privacy.models import ConsentNotice

SUBJECT_LENGTH = 80


def leave_message(
    *,
    conversation: Conversation,
    name: str,
    email: str,
    message: str,
    agreed: bool,
    notice: ConsentNotice | None,
) -> Ticket:
    """Open a ticket with what the visitor leaves, and end the chat, which keeps its own term.

    Raises :class:`ChatEnded`, so that a second request opens no second ticket, and
    :class:`privacy.services.consent.ConsentMissing`; in both cases nothing has changed.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status == Conversation.Status.CLOSED:
            raise ChatEnded
        ticket = open_ticket(
            account=chat.account,
            name=name,
            email=email,
            subject=_subject(message),
            message=message,
            agreed=agreed,
            notice=notice,
        )
        close(chat, side=Conversation.Side.VISITOR)
    erase_if_due_at_once(chat)
    return ticket


def words_of_visitor(conversation: Conversation, *, limit: int) -> str:
    """Return what the visitor said so far, to begin a ticket's message with."""
    said = conversation.messages.filter(side=Conversation.Side.VISITOR, kind="text")
    return "\n\n".join(entry.body for entry in said)[:limit]


def _subject(message: str) -> str:
    first_line = message.strip().splitlines()[0] if message.strip() else _("Message from the chat")
    return Truncator(" ".join(first_line.split())).chars(SUBJECT_LENGTH)
