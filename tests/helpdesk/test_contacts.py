"""A typed address proves nothing; an opened link does."""

import pytest

from helpdesk.models import Contact, Ticket, TicketParticipant
from helpdesk.services.contacts import verify_address
from privacy import ledger
from privacy.models import ConsentRecord, DataKey, LedgerEntry
from tests import factories
from tests.helpdesk.tickets import opened, requester_of

pytestmark = pytest.mark.django_db


def test_typed_address_joins_nobody(account):
    verify_address(participant=requester_of(opened(account)))

    second = opened(account)

    assert second.requester.verified_at is None
    assert Contact.objects.count() == 2


def test_opened_link_proves_the_address(account):
    ticket = opened(account)

    contact = verify_address(participant=requester_of(ticket))

    assert contact == ticket.requester
    assert Contact.objects.get().verified_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_folders")
def test_second_proof_of_an_address_joins_the_two(account):
    first, second = opened(account), opened(account, email="Vera@MAIL.example", name="V.")
    known = verify_address(participant=requester_of(first))
    key = second.requester.key_id

    joined = verify_address(participant=requester_of(second))

    assert joined == known
    assert [contact.pk for contact in Contact.objects.all()] == [known.pk]
    assert set(Ticket.objects.values_list("requester", flat=True)) == {known.pk}
    assert set(TicketParticipant.objects.values_list("contact", flat=True)) == {known.pk}
    assert set(ConsentRecord.objects.values_list("subject", flat=True)) == {ledger.reference(known)}
    assert not DataKey.objects.filter(pk=key).exists()
    assert Contact.objects.get().name == "Vera"
    assert LedgerEntry.objects.filter(action="contact.merged").count() == 1
    assert ledger.verify().ok


def test_joined_contact_brings_its_chats(account):
    first, second = opened(account), opened(account)
    known = verify_address(participant=requester_of(first))
    chat = factories.chat(account, contact=second.requester)

    verify_address(participant=requester_of(second))

    chat.refresh_from_db()
    assert chat.contact == known


def test_unproved_contacts_of_the_same_address_stay_apart(account):
    ticket, claimed = opened(account), opened(account)

    verify_address(participant=requester_of(ticket))

    claimed.refresh_from_db()
    assert claimed.requester != ticket.requester
    assert claimed.requester.verified_at is None


def test_equal_addresses_of_two_accounts_stay_apart(account, other_account):
    here, there = opened(account), opened(other_account)

    verify_address(participant=requester_of(here))
    verify_address(participant=requester_of(there))

    assert Contact.objects.filter(verified_at__isnull=False).count() == 2


def test_name_of_the_joined_fills_an_empty_one(account):
    first, second = opened(account, name=""), opened(account, name="Vera")
    verify_address(participant=requester_of(first))

    verify_address(participant=requester_of(second))

    assert Contact.objects.get().name == "Vera"


def test_opening_a_link_again_changes_nothing(account):
    participant = requester_of(opened(account))
    verify_address(participant=participant)
    proved_at = Contact.objects.get().verified_at

    verify_address(participant=participant)

    assert Contact.objects.get().verified_at == proved_at
