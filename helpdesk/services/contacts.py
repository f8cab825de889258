"""Contacts: what they prove about themselves, and what follows from it."""

from django.db import transaction
from django.utils import timezone

from helpdesk.models import Account, Contact, TicketParticipant
from privacy import ledger
from privacy.declarations import roots
from privacy.models import ConsentRecord
from privacy.services.erasing.erasure import erase_units
from privacy.services.rules.suspensions import is_suspended


def verify_address(*, participant: TicketParticipant) -> Contact:
    """Note that a participant's address is theirs, since a link sent to it was opened; return their contact.

    Where the account already knows somebody under this proved address it is the same person: what this
    contact has becomes theirs, and the contact that was made for a typed address is erased. While a hold
    stops that, both stay as they are; the next link that is opened makes them one.
    """
    if participant.contact.verified_at:
        return participant.contact
    with transaction.atomic():
        # One contact a proved address.
        Account.objects.select_for_update(no_key=True).get(pk=participant.account_id)
        # Without `no_key` somebody who writes in the ticket waits for this row when they commit, and this
        # transaction for their ticket.
        rows = Contact.objects.select_for_update(no_key=True)
        contact = rows.filter(participations=participant).first()
        if contact is None:  # erased a moment ago
            return participant.contact
        if contact.verified_at or not contact.email_index:
            return contact
        known = _proved_owner(contact)
        if known is None:
            contact.verified_at = timezone.now()
            contact.save(update_fields=["verified_at"])
            _record("contact.verified", contact)
            return contact
        if is_suspended(contact):
            return contact
        hand_over(contact, known, subject=ledger.reference(contact))
        _record("contact.merged", known, merged=ledger.reference(contact), mark=ledger.mark(contact.pk))
    erase_units(Contact, [contact.pk], account_id=contact.account_id, reason="merged")
    return known


def _proved_owner(contact: Contact) -> Contact | None:
    same = Contact.objects.filter(account_id=contact.account_id, email_index=contact.email_index)
    return same.filter(verified_at__isnull=False).exclude(pk=contact.pk).first()


def hand_over(old: Contact, new: Contact, *, subject: str) -> None:
    """Point what is somebody's at somebody else: tickets here, and what the floors above declare.

    ``subject`` is the pseudonym under which the proof of their answers is kept.
    """
    for root in roots():
        if root.person_model is Contact and root.model is not Contact:
            root.rows().filter(**{root.person: old}).update(**{root.person: new})
    TicketParticipant.objects.filter(contact=old).update(contact=new)
    proof = ConsentRecord.objects.filter(account_id=old.account_id, subject=subject)
    proof.update(subject=ledger.reference(new))
    if not new.name and old.name:
        new.name = old.name
        new.save(update_fields=["name"])


def _record(action: str, contact: Contact, **params: str) -> None:
    ledger.record(action, account_id=contact.account_id, contact=ledger.reference(contact), **params)
