"""The course of a ticket: it is opened, answered by both sides, closed, opened again, and erased on time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from helpdesk.models import (
    Account,
    Contact,
    Ticket,
    TicketAnswer,
    TicketMessage,
    TicketParticipant,
    TicketTechnicalData,
    User,
)
from helpdesk.services.fields import NO_ANSWERS, keep_answers
from helpdesk.services.files import store_files
from helpdesk.services.mail import confirm_ticket, mail_reply
from helpdesk.services.slips import without_slips
from helpdesk.services.technical import keep_technical
from helpdesk.services.twice import mark_of, opened_by, remember_opened, said_just_now
from helpdesk.technical import NOTHING, Technical
from helpdesk.ticket_links import hash_token, token_of
from privacy import ledger, vault
from privacy.models import DataKey
from privacy.services.counts import count
from privacy.services.erasing.at_once import erase_if_due_at_once
from privacy.services.erasing.erasure import erase_units
from privacy.services.people.consent import (
    Given,
    has_withdrawn,
    needs_asking,
    record_consent,
)
from privacy.services.rules.suspensions import refuse_suspended
from privacy.slips import Masked, known_kinds


class TicketErased(Exception):
    """The ticket is gone; nothing can be added to it."""


class ConsentWithdrawn(Exception):
    """The requester took back their consent: nothing more is done with the ticket (Article 7(3))."""


class NotOfThisAccount(Exception):
    """Somebody of another account, or no longer there, can't be given a ticket."""


def open_ticket(
    *,
    account: Account,
    name: str,
    email: str,
    subject: str,
    message: str,
    files: Sequence[File] = (),
    given: Given,
    form: str = "",
    technical: Technical = NOTHING,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> Ticket:
    """Open a ticket for a contact of its own, whatever address was typed, and mail the link to the thread.

    Slips are masked in the subject and the message, where the account wants it.

    ``answers`` are those to the fields of the account's own, by their keys.

    ``form`` is the code of the copy of the form that was filled in: sent twice with the same words, it opens
    one ticket, and the second time returns it.

    Raises :class:`privacy.services.people.consent.ConsentMissing`, and then nothing is stored.
    """
    contact_key = vault.create_key(kind=DataKey.Kind.CONTACT, account_id=account.pk)
    thread_key = vault.create_key(kind=DataKey.Kind.PARTICIPANT, account_id=account.pk)
    title, said = (without_slips(text, account_id=account.pk) for text in (subject, message))
    typed = [name, email, title.text, said.text, *(each for pair in answers.items() for each in pair)]
    mark = mark_of(account, form=form, given=typed, files=files) if form else ""
    with transaction.atomic():
        locked = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if mark and (opened := opened_by(mark)):
            return opened
        number = _next_number(locked)
        contact = Contact.objects.create(account=account, name=name, email=email, key_id=contact_key)
        record_consent(account=account, person=contact, form="ticket", given=given)
        ticket = Ticket.objects.create(
            account=account, number=number, requester=contact, subject=title.text, key_id=thread_key
        )
        participant = _add_participant(ticket, contact)
        masked = keep_answers(
            TicketAnswer, answers, account=account, key_id=thread_key, given=given, ticket=ticket
        )
        opening = Masked(said.text, tuple(known_kinds([*title.kinds, *said.kinds, *masked])))
        _add_message(ticket, participant, TicketMessage.Kind.REQUEST, opening, files=files)
        keep_technical(TicketTechnicalData, technical, ticket=ticket)
        count(account=account, name="tickets_opened")
        ledger.record("ticket.opened", account_id=account.pk, ticket=ledger.reference(ticket))
        confirm_ticket(ticket, participant)
        if mark:
            remember_opened(mark, ticket)
    return ticket


def answer_ticket(
    *, participant: TicketParticipant, body: str, files: Sequence[File] = (), given: Given | None = None
) -> TicketMessage:
    """Add the requester's answer, slips masked. A closed ticket opens again and its clock stops.

    ``given`` is what they agreed to where they had to be asked again. Raises :class:`TicketErased`, or
    :class:`privacy.services.people.consent.ConsentMissing`; nothing is stored then.
    """
    words = without_slips(body, account_id=participant.account_id)
    with transaction.atomic():
        ticket = _locked(participant.ticket_id)
        account, person = ticket.account, participant.contact
        if needs_asking(account=account, person=person):
            record_consent(account=account, person=person, form="ticket", given=given or Given())
        if said := said_just_now(
            ticket, kind=TicketMessage.Kind.REQUEST, body=words.text, leaves=Ticket.Status.OPEN, files=files
        ):
            return said
        message = _add_message(ticket, participant, TicketMessage.Kind.REQUEST, words, files=files)
        _set_status(ticket, Ticket.Status.OPEN, by=None)
    return message


def reply_ticket(*, ticket: Ticket, agent: User, body: str, files: Sequence[File] = ()) -> TicketMessage:
    """Answer the requester, by mail too; the ticket then waits for them. Repeated slips are masked, too.

    Raises :class:`TicketErased`, or :class:`ConsentWithdrawn` where the requester took theirs back.
    """
    words = without_slips(body, account_id=ticket.account_id)
    with transaction.atomic():
        ticket = _locked(ticket.pk)
        if has_withdrawn(account=ticket.account, person=ticket.requester):
            raise ConsentWithdrawn
        if said := said_just_now(
            ticket,
            kind=TicketMessage.Kind.REPLY,
            body=words.text,
            leaves=Ticket.Status.PENDING,
            agent=agent,
            files=files,
        ):
            return said
        participant = _requester(ticket)
        message = _add_message(ticket, participant, TicketMessage.Kind.REPLY, words, agent=agent, files=files)
        _set_status(ticket, Ticket.Status.PENDING, by=agent)
        count(account=ticket.account, name="tickets_replied")
        mail_reply(ticket, participant, message)
    return message


def add_note(*, ticket: Ticket, agent: User, body: str) -> TicketMessage:
    """Add a note that only the account's agents see, slips masked. Raises :class:`TicketErased`."""
    words = without_slips(body, account_id=ticket.account_id)
    with transaction.atomic():
        ticket = _locked(ticket.pk)
        if said := said_just_now(ticket, kind=TicketMessage.Kind.NOTE, body=words.text, agent=agent):
            return said
        return _add_message(ticket, _requester(ticket), TicketMessage.Kind.NOTE, words, agent=agent)


def assign_ticket(*, ticket: Ticket, assignee: User | None, by: User) -> None:
    """Give a ticket to somebody of its account, or to nobody.

    Raises :class:`NotOfThisAccount` or :class:`TicketErased`.
    """
    if assignee and (assignee.account_id != ticket.account_id or not assignee.is_active):
        raise NotOfThisAccount
    with transaction.atomic():
        ticket = _locked(ticket.pk)
        ticket.assignee = assignee
        ticket.save(update_fields=["assignee"])
        _record("ticket.assigned", ticket, by=ledger.reference(by), to=ledger.reference(assignee))


def change_status(*, ticket: Ticket, status: str, by: User) -> bool:
    """Change the status; closing may erase, and whether it did is returned.

    Raises :class:`TicketErased`; closing what is closed changes nothing, so its clock runs on.
    """
    with transaction.atomic():
        ticket = _locked(ticket.pk)
        _set_status(ticket, status, by=by)
    return ticket.closed_at is not None and erase_if_due_at_once(ticket, account_id=ticket.account_id)


def close_ticket(*, ticket: Ticket, by: User) -> bool:
    """Close a ticket and return whether it is erased: its account may do that at once."""
    return change_status(ticket=ticket, status=Ticket.Status.CLOSED, by=by)


def close_for_requester(*, ticket: Ticket) -> None:
    """Close a ticket for its requester, in the caller's transaction. Raises :class:`TicketErased`."""
    _set_status(_locked(ticket.pk), Ticket.Status.CLOSED, by=None)


def close_silent_ticket(*, ticket: Ticket, since: datetime) -> bool:
    """Close a ticket for the house; returns whether it did.

    One in which somebody wrote since, or that was closed or erased meanwhile, is left alone.
    """
    try:
        with transaction.atomic():
            ticket = _locked(ticket.pk)
            if ticket.closed_at or ticket.last_activity_at >= since:
                return False
            _set_status(ticket, Ticket.Status.CLOSED, by=None)
    except TicketErased:
        return False
    erase_if_due_at_once(ticket, account_id=ticket.account_id)
    return True


def erase_ticket(*, ticket: Ticket, by: User) -> None:
    """Erase a ticket by hand, open or closed; the ledger says who ordered it.

    Must be called outside a transaction. Raises :class:`TicketErased` where it is gone already,
    :class:`privacy.services.rules.suspensions.Suspended` where a hold stops it, and
    :class:`privacy.services.erasing.steps.ErasureIncomplete`; what was begun is finished by the next pass.
    """
    with transaction.atomic():
        ticket = _locked(ticket.pk)
        refuse_suspended(ticket)
        _record("ticket.erasure_ordered", ticket, by=ledger.reference(by))
    erase_units(Ticket, [ticket.pk], account_id=ticket.account_id, reason="by_hand", wait=True)
    refuse_suspended(ticket)  # a hold that was placed in between


def _next_number(locked: Account) -> int:
    locked.last_ticket_number += 1
    locked.save(update_fields=["last_ticket_number"])
    return locked.last_ticket_number


def _locked(ticket_id) -> Ticket:
    rows = Ticket.objects.select_for_update(of=("self",)).select_related("account", "requester")
    ticket = rows.filter(pk=ticket_id).first()
    if ticket is None:
        raise TicketErased
    return ticket


def _requester(ticket: Ticket) -> TicketParticipant:
    return ticket.participants.select_related("contact").get(contact_id=ticket.requester_id)


def _add_participant(ticket: Ticket, contact: Contact) -> TicketParticipant:
    participant = TicketParticipant(
        account_id=ticket.account_id,
        ticket=ticket,
        contact=contact,
        key_id=ticket.key_id,
        spoken_in=get_language() or "",
    )
    participant.token_hash = hash_token(token_of(participant))
    participant.save(force_insert=True)
    return participant


def _add_message(
    ticket: Ticket,
    participant: TicketParticipant,
    kind: str,
    words: Masked,
    *,
    agent: User | None = None,
    files: Sequence[File] = (),
) -> TicketMessage:
    message = TicketMessage.objects.create(
        account_id=ticket.account_id,
        ticket=ticket,
        participant=participant,
        key_id=participant.key_id,
        agent=agent,
        kind=kind,
        body=words.text,
        masked=" ".join(words.kinds),
    )
    store_files(message, files)
    ticket.last_activity_at = message.created_at
    ticket.save(update_fields=["last_activity_at"])
    return message


def _set_status(ticket: Ticket, status: str, *, by: User | None) -> None:
    if ticket.status == status:
        return
    was_closed, ticket.status = ticket.status == Ticket.Status.CLOSED, status
    ticket.closed_at = timezone.now() if status == Ticket.Status.CLOSED else None
    was_archived, ticket.archived_at = ticket.archived_at, None  # what is open is no matter for the archive
    ticket.save(update_fields=["status", "closed_at", "archived_at"])
    if was_archived:
        _record("archive.left", ticket)
    if was_closed or ticket.closed_at:
        moved = "closed" if ticket.closed_at else "reopened"
        count(account=ticket.account, name=f"tickets_{moved}")
        _record(f"ticket.{moved}", ticket, by=ledger.reference(by))


def _record(action: str, ticket: Ticket, **params: str) -> None:
    ledger.record(action, account_id=ticket.account_id, ticket=ledger.reference(ticket), **params)
