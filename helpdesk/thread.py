"""A ticket read as a whole: its messages, their files, and one query for all keys of the page."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from helpdesk.models import (
    Contact,
    OutgoingMail,
    Ticket,
    TicketAnswer,
    TicketFile,
    TicketMessage,
    TicketParticipant,
    TicketTechnicalData,
    User,
)
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.models import ConsentRecord
from privacy.services.people.consent import consent_of
from privacy.services.rules.retention import Expiry, expiry_of, expiry_of_part


@dataclass
class Thread:
    """What a page shows of a ticket; each message has ``attached``, its files."""

    ticket: Ticket
    messages: list[Any]
    expiry: Expiry
    consent: ConsentRecord | None


@dataclass
class AgentThread(Thread):
    """What agents see besides: who may be the same person, what was agreed to, what didn't arrive."""

    people: list[User]
    same_address: list[Ticket]
    has_failed_mail: bool
    open_count: int
    technical: TicketTechnicalData | None
    technical_expiry: Expiry | None
    answers: list[TicketAnswer]


def read_thread(ticket: Ticket, *, for_participant: TicketParticipant) -> Thread:
    """Return the requester's view of a ticket: their own thread, and never a note."""
    messages = ticket.messages.exclude(kind=TicketMessage.Kind.NOTE).filter(participant=for_participant)
    shown = _with_files(messages, [ticket, for_participant, for_participant.contact])
    consent = consent_of(account=ticket.account, person=for_participant.contact)
    return Thread(ticket, shown, _expiry(ticket, for_visitor=True), consent)


def read_agent_thread(ticket: Ticket, *, user: User) -> AgentThread:
    """Return the agents' view of a ticket, notes included."""
    people = list(User.objects.filter(account_id=ticket.account_id, is_active=True))
    same = list(_same_address(ticket.requester, user))
    failed = OutgoingMail.objects.filter(ticket=ticket, state=OutgoingMail.State.FAILED).exists()
    technical = TicketTechnicalData.objects.filter(ticket=ticket).first()
    answers = list(TicketAnswer.objects.filter(ticket=ticket))
    beside = [ticket, user, *people, *same, *answers, *([technical] if technical else [])]
    messages = _with_files(ticket.messages.all(), beside)
    consent = consent_of(account=ticket.account, person=ticket.requester)
    open_count = Ticket.objects.visible_to(user).filter(status=Ticket.Status.OPEN, closed_at=None).count()
    expiry = _expiry(ticket)
    return AgentThread(
        ticket,
        messages,
        expiry,
        consent,
        people,
        same,
        failed,
        open_count,
        technical,
        expiry_of_part(technical, expiry) if technical else None,
        answers,
    )


def _with_files(messages: QuerySet, beside: Iterable[Model]) -> list[Any]:
    rows = list(messages.select_related("agent"))
    attached = defaultdict(list)
    files = list(TicketFile.objects.filter(message__in=rows)) if rows else []
    for file in files:
        attached[file.message_id].append(file)
    for row in rows:
        row.attached = attached[row.pk]
    share_keys([*beside, *rows, *files], lost=UNREADABLE)
    return rows


def _expiry(ticket: Ticket, *, for_visitor: bool = False) -> Expiry:
    return expiry_of(
        account_id=ticket.account_id, category=Category.TICKET, unit=ticket, for_visitor=for_visitor
    )


def _same_address(contact: Contact, user: User) -> QuerySet[Ticket]:
    """Return tickets of others who typed the same address; nobody proved that they are the same person."""
    if not contact.email_index:
        return Ticket.objects.none()
    others = Ticket.objects.visible_to(user).filter(requester__email_index=contact.email_index)
    return others.exclude(requester=contact).select_related("requester").order_by("-last_activity_at")[:5]
