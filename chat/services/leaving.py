"""A chat with nobody there becomes a ticket."""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from chat import bell
from chat.models import ChatFile, Conversation, TechnicalData
from chat.services.conversations import close
from chat.services.messages import ChatEnded, locked
from chat.services.secure import erase_spent_values
from helpdesk.models import Ticket
from helpdesk.services.fields import NO_ANSWERS
from helpdesk.services.files import content_of
from helpdesk.services.slips import without_slips
from helpdesk.services.technical import noted_with
from helpdesk.services.tickets import open_ticket
from privacy.categories import Category
from privacy.declarations import root_of
from privacy.encryption.errors import SealError
from privacy.models import AtEnd
from privacy.services.erasing.erasure import erase_units, is_over
from privacy.services.erasing.reasons import Reason
from privacy.services.people.consent import Given
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.suspensions import suspended

log = logging.getLogger(__name__)

SUBJECT_LENGTH = 80


def leave_message(
    *,
    conversation: Conversation,
    name: str,
    email: str,
    message: str,
    files: Sequence[File] = (),
    given: Given,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> Ticket:
    """Open a ticket with what the visitor leaves, end the chat and erase it: it lives on in the ticket.

    ``answers`` are those to the ticket form's own fields; what was answered before the chat goes with it.
    The files that the visitor sent before are sealed again, each under a new key, and come before ``files``;
    the old keys go with the chat.

    A chat that something holds back stays. Raises :class:`ChatEnded`, so that a second request opens no
    second ticket, and :class:`privacy.services.people.consent.ConsentMissing`; in both cases nothing has
    changed.
    """
    with transaction.atomic():
        chat = locked(conversation)
        if chat.status == Conversation.Status.CLOSED:
            raise ChatEnded
        ticket = open_ticket(
            account=chat.account,
            name=name,
            email=email,
            subject=_subject(without_slips(message, account_id=chat.account_id).text),  # cut only then
            message=message,
            files=[*sent_by_visitor(chat), *files],
            given=given,
            answers=answers,
            technical=noted_with(TechnicalData.objects.filter(conversation=chat).first()),
        )
        close(chat, side=Conversation.Side.VISITOR)
        chat.became_ticket = True
        chat.save(update_fields=["became_ticket"])
    erase_spent_values(conversation_id=chat.pk)  # also where something holds the chat back
    _erase(chat.account_id, [chat.pk], wait=True)
    return ticket


def erase_what_became_tickets() -> int:
    """Erase the chats whose erasure failed, or was held back, when they became tickets; returns how many."""
    left = Conversation.objects.filter(became_ticket=True).exclude(suspended(root_of(Conversation)))
    left = left.only("pk", "account_id").order_by("account", "pk")
    return sum(
        _erase(account_id, [chat.pk for chat in chats])
        for account_id, chats in groupby(left, attrgetter("account_id"))
    )


def _erase(account_id: int, ids: list[UUID], *, wait: bool = False) -> int:
    """Erase chats that became tickets and tell the streams; what fails is tried again by the timetable."""
    at_end = policy_in_force(account_id=account_id, category=Category.CHAT).at_end
    reason = Reason("became_ticket", account_id, skeleton=at_end == AtEnd.SKELETON)
    try:
        erased = erase_units(
            Conversation,
            ids,
            account_id=account_id,
            reason=reason,
            still=is_over(root_of(Conversation)),
            wait=wait,
        )
    except Exception:
        log.exception("Chats of account %s became tickets and could not be erased.", account_id)
        return 0
    finally:
        for pk in ids:
            bell.ring(pk, account_id=account_id)
    return erased


def words_of_visitor(conversation: Conversation, *, limit: int) -> str:
    """Return what the visitor said so far, to begin a ticket's message with."""
    said = conversation.messages.filter(side=Conversation.Side.VISITOR, kind="text")
    return "\n\n".join(entry.body for entry in said if entry.body)[:limit]


def files_of_visitor(conversation: Conversation) -> list[ChatFile]:
    """Return the files that the visitor sent and that are still there, in their order."""
    return list(conversation.files.filter(message__side=Conversation.Side.VISITOR))


def sent_by_visitor(conversation: Conversation) -> list[File]:
    """Return them opened; one that can't be read any more, because it was lost or damaged, stays behind."""
    opened: list[File] = []
    for file in files_of_visitor(conversation):
        try:
            opened.append(ContentFile(content_of(file), name=file.name))
        except (OSError, SealError):
            log.exception("File %s of a chat can't be read and doesn't come into the ticket.", file.pk)
    return opened


def _subject(message: str) -> str:
    first_line = message.strip().splitlines()[0] if message.strip() else _("Message from the chat")
    return Truncator(" ".join(first_line.split())).chars(SUBJECT_LENGTH)
