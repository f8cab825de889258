"""Nothing is left because it never reached a state: the timetable alone ends everything, whatever it is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from freezegun import freeze_time

from chat.models import Conversation, Message
from chat.services.conversations import accept_chat, start_chat
from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile, User
from helpdesk.services.tickets import close_ticket, reply_ticket
from privacy import vault
from privacy.declarations import roots
from privacy.encryption.files import store_file, stored_files
from privacy.encryption.sealing import new_data_key
from privacy.models import ConsentNotice, DataKey, RetentionPolicy
from privacy.services.people.consent import Given
from tests import factories
from tests.helpdesk.tickets import opened, pdf

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PAUSES = [timedelta(days=days) for days in (1, 32, 367, 400)]
MAKE = {Conversation: factories.chat, Ticket: factories.ticket, Contact: factories.contact}
CLOSED = {Conversation: "closed", Ticket: "closed"}
CASES = [
    (root.model, status)
    for root in roots()
    if root.clocks
    for status in getattr(getattr(root.model, "Status", None), "values", [None])
]


def let_time_pass() -> None:
    """Do what the timetable says, again and again, as the years go by."""
    for pause in PAUSES:
        with freeze_time(START + pause, tick=True):
            _everything_once()


def _everything_once() -> None:
    for duty in settings.CELERY_BEAT_SCHEDULE.values():
        import_string(duty["task"])()


def kept() -> dict[str, int]:
    """Return what is left of visitors, by kind, their keys and files included."""
    rows = {root.model._meta.label: root.rows().count() for root in roots() if root.model is not User}
    people = DataKey.objects.exclude(kind__in=[*DataKey.STANDING, DataKey.Kind.USER])
    rows |= {"keys": people.count(), "files": len(list(stored_files()))}
    return {name: number for name, number in rows.items() if number}


def _aged() -> None:
    """Let everything that there is be from the start."""
    Conversation.objects.update(created_at=START, last_message_at=START)
    Ticket.objects.update(created_at=START, last_activity_at=START)
    DataKey.objects.update(created_at=START)


def test_only_people_of_the_house_have_no_clock():
    assert {root.model for root in roots() if not root.clocks} == {User}
    assert {model for model, _status in CASES} == MAKE.keys()


@pytest.mark.parametrize(("model", "status"), CASES, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "switched off"])
def test_time_alone_ends_every_thing_in_every_state(account, model, status, is_active):
    values = {"status": status} if status else {}
    if status and status == CLOSED[model]:
        values["closed_at"] = START
    MAKE[model](account, **values)
    account.is_active = is_active
    account.save()
    _aged()
    assert kept()

    let_time_pass()

    assert kept() == {}


def test_form_without_a_word_ends(account):
    notice = ConsentNotice.objects.get(account=account)
    start_chat(account=account, name="", email="", question="", given=Given.to_all(notice))
    assert not Message.objects.exists()
    _aged()

    let_time_pass()

    assert kept() == {}


def test_chat_whose_agent_left_ends(account, agent):
    chat = factories.chat(account)
    accept_chat(conversation=chat, agent=agent)
    User.objects.filter(pk=agent.pk).update(is_active=False)
    gone = factories.chat(account, agent=factories.user(account=account))
    Conversation.objects.filter(pk=gone.pk).update(agent=None)  # their account was erased
    _aged()

    let_time_pass()

    assert kept() == {}


def test_ticket_with_files_and_a_mail_that_never_went_out_ends(account, agent):
    ticket = opened(account, files=[pdf()])
    reply_ticket(ticket=ticket, agent=agent, body="Which page?", files=[pdf()])
    assert OutgoingMail.objects.queued().count() == TicketFile.objects.count() == 2
    _aged()

    let_time_pass()

    assert kept() == {}


def test_ticket_that_waits_in_an_archive_ends(account, agent):
    RetentionPolicy.objects.filter(account=account).update(archive_amount=40, archive_unit="days")
    ticket = factories.ticket(account)
    close_ticket(ticket=ticket, by=agent)
    Ticket.objects.update(closed_at=START)
    _aged()

    let_time_pass()

    assert kept() == {}


def test_upload_without_a_row_and_key_without_a_row_end(account):
    vault.create_key(kind=DataKey.Kind.FILE, account_id=account.pk)
    store_file(new_data_key(), [b"never sent"])
    _aged()
    assert kept() == {"keys": 1, "files": 1}

    with freeze_time(timezone.now() + timedelta(hours=2)):
        _everything_once()

    assert kept() == {}
