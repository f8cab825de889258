"""One slow request of an account holds up no chat of that account."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from chat.models import Message
from chat.services.messages import post_message
from helpdesk.services import tickets
from privacy.models import ConsentNotice
from tests import factories
from tests.chat.beside import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_chat_goes_on_while_a_ticket_with_files_is_stored(account, monkeypatch):
    chat = factories.chat(account, says=())
    store = tickets.store_files
    waited = []

    def say() -> Message:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        return post_message(conversation=chat, side="visitor", body="Still there?")

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
        agreed=True,
        notice=ConsentNotice.objects.get(account=account),
    )

    assert [getattr(entry, "body", entry) for entry in waited] == ["Still there?"]
