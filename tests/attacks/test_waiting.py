"""One slow request of an account holds up no chat of that account."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from chat.services.messages import post_message
from helpdesk.models import Ticket
from helpdesk.services import contacts, tickets
from helpdesk.services.contacts import verify_address
from helpdesk.services.tickets import answer_ticket, change_status
from privacy.models import ConsentNotice
from privacy.services.people.consent import Given
from tests import factories
from tests.chat.beside import at_once
from tests.helpdesk.tickets import opened, requester_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def patiently(job):
    """Return a job that waits for locks for a second only."""

    def run():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        return job()

    return run


def test_chat_goes_on_while_a_ticket_with_files_is_stored(account, monkeypatch):
    chat = factories.chat(account, says=())
    store = tickets.store_files
    waited = []

    say = patiently(lambda: post_message(conversation=chat, side="visitor", body="Still there?"))

    def store_slowly(message, files):
        waited.extend(at_once(say))
        return store(message, files)

    monkeypatch.setattr(tickets, "store_files", store_slowly)
    tickets.open_ticket(
        account=account,
        name="Vera",
        email="vera@mail.example",
        subject="A large file",
        message="Here it is.",
        files=[SimpleUploadedFile("large.bin", b"x" * 1000)],
        given=Given.to_all(ConsentNotice.objects.get(account=account)),
    )

    assert [getattr(entry, "body", entry) for entry in waited] == ["Still there?"]


def test_thread_goes_on_while_its_link_joins_two_contacts(account, monkeypatch):
    first, second = opened(account), opened(account)
    known = verify_address(participant=requester_of(first))
    hand_over, waited = contacts.hand_over, []
    answer = patiently(lambda: answer_ticket(participant=requester_of(second), body="One thing more."))

    def hand_over_slowly(old, new, *, subject):
        waited.extend(at_once(answer))
        hand_over(old, new, subject=subject)

    change_status(ticket=second, status=Ticket.Status.PENDING, by=None)
    monkeypatch.setattr(contacts, "hand_over", hand_over_slowly)
    joined = verify_address(participant=requester_of(second))

    assert [getattr(entry, "body", entry) for entry in waited] == ["One thing more."]
    assert joined == known
