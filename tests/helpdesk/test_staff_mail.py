"""Mail to the people of the house: sealed like them, sent like any mail, erased with them."""

import json
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from helpdesk.models import OutgoingMail, StaffMail, User
from helpdesk.services.mail import send_due_mail
from helpdesk.services.sending import ATTEMPTS
from helpdesk.services.staff_mail import queue_staff_mail, staff_message_of
from helpdesk.tasks import send_mail
from privacy.models import DataKey
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.people.export import export_person
from tests import factories
from tests.helpdesk.tickets import opened

pytestmark = pytest.mark.django_db


class FailingServer(EmailBackend):
    """A mail server that refuses; it stands for the world outside."""

    error: Exception = ConnectionRefusedError()

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def server(settings):
    settings.LETHE_SENDS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return settings


@pytest.fixture
def failing_server(server, monkeypatch):
    server.EMAIL_BACKEND = f"{__name__}.FailingServer"
    return lambda error: monkeypatch.setattr(FailingServer, "error", error)


def queued_for(user, account, **values) -> StaffMail:
    context = {
        "account": account,
        "units": 3,
        "since": timezone.now(),
        "admin_link": "http://127.0.0.1/admin/",
    }
    return queue_staff_mail(user=user, template="purge_overdue", **context | values)


def test_mail_is_sealed_under_the_key_of_who_gets_it(account, manager):
    sent = queued_for(manager, account)

    with connection.cursor() as cursor:
        cursor.execute('SELECT "to", subject, body FROM helpdesk_staffmail')
        stored = " ".join(cursor.fetchone())

    assert (sent.key_id, sent.to) == (manager.key_id, manager.email)
    assert sent.subject == "Bramble Books: data is overdue for erasure"
    assert [word for word in (manager.email, "Bramble", "overdue") if word in stored] == []


def test_one_round_sends_both_queues_and_leaves_no_words_behind(account, manager, server):
    opened(account)
    queued_for(manager, account)

    send_mail()
    send_mail()

    assert sorted(message.to[0] for message in mail.outbox) == sorted(["vera@mail.example", manager.email])
    row = StaffMail.objects.get()
    assert (row.state, row.to, row.subject, row.body) == ("sent", None, None, None)
    assert row.sent_at is not None


def test_mail_comes_from_the_deployment_and_says_that_a_machine_wrote_it(account, manager, server):
    queued_for(manager, account)

    send_due_mail()

    message = mail.outbox[0].message()
    assert message["From"] == "Lethe <helpdesk@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_without_a_server_mail_waits(account, manager):
    queued_for(manager, account)

    send_mail()

    assert StaffMail.objects.get().state == "queued"


def test_server_that_is_away_is_tried_again_later_and_later(account, manager, failing_server):
    failing_server(ConnectionRefusedError())
    queued_for(manager, account)
    now, pauses = timezone.now(), []

    for _ in range(ATTEMPTS):
        send_due_mail(now=now)
        row = StaffMail.objects.get()
        pauses.append(row.next_attempt_at - now)
        now = row.next_attempt_at

    assert pauses == [timedelta(minutes=2**n) for n in range(ATTEMPTS)]
    assert (row.state, row.to, row.body) == ("failed", None, None)


def test_address_that_is_unknown_is_given_up_at_once(account, manager, failing_server, caplog):
    failing_server(smtplib.SMTPRecipientsRefused({manager.email: (550, b"unknown")}))
    queued_for(manager, account)

    send_due_mail()

    assert StaffMail.objects.get().state == "failed"
    assert manager.email not in caplog.text


def test_mail_to_somebody_who_was_switched_off_is_never_sent(account, manager, server):
    queued_for(manager, account)
    manager.is_active = False
    manager.save(update_fields=["is_active"])

    assert send_due_mail() == 0

    assert mail.outbox == []
    row = StaffMail.objects.get()
    assert (row.state, row.body) == ("failed", None)


def test_operators_hear_also_of_an_account_that_is_switched_off(account, operator, server):
    account.is_active = False
    account.save(update_fields=["is_active"])
    queued_for(operator, account)

    assert send_due_mail() == 1


def test_mail_is_written_in_the_language_of_the_readers_account_or_in_english(account, settings):
    seen = []
    french = factories.account(name="Livres", language="fr")
    for user in (factories.user(User.Role.OWNER, account=french), factories.manager(french)):
        made = queued_for(user, french, since=timezone.now().replace(month=8, day=3))
        seen.append(made.body)

    assert ["août" in body for body in seen] == [True, False]
    assert "Aug. 3" in seen[1]


def test_person_gets_a_copy_of_the_mail_that_waits_for_them(account, manager, operator):
    queued_for(manager, account)
    queued_for(operator, account)

    copy = export_person(manager)["categories"]["mail"]["helpdesk.staffmail"]

    assert [(each["to"], each["state"]) for each in copy] == [(manager.email, "queued")]
    assert "Bramble Books" in json.dumps(copy)


@pytest.mark.django_db(transaction=True)
def test_mail_goes_with_the_person(account, manager, operator, own_folders):
    claimed = queued_for(manager, account)
    left = queued_for(operator, account)
    claimed = StaffMail.objects.get(pk=claimed.pk)

    erase_person(manager, reason="request")

    assert list(StaffMail.objects.all()) == [left]
    assert not DataKey.objects.filter(pk=manager.key_id).exists()
    with pytest.raises(ValueError, match="no reader"):
        staff_message_of(claimed)


@pytest.mark.django_db(transaction=True)
def test_memory_of_a_mail_goes_after_thirty_days(account, manager, own_folders):
    now = timezone.now()
    old, young = queued_for(manager, account), queued_for(manager, account)
    StaffMail.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=30, minutes=1))
    StaffMail.objects.filter(pk=young.pk).update(created_at=now - timedelta(days=29))

    purge(now=now)

    assert list(StaffMail.objects.all()) == [young]


def test_demo_shows_both_kinds_of_mail_newest_first(account, manager, client, settings):
    settings.LETHE_DEMO = True
    opened(account)
    queued_for(manager, account)
    opened(account, email="later@mail.example")

    shown = client.get("/demo/mail/").content.decode()

    addresses = ["later@mail.example", manager.email, "vera@mail.example"]
    places = [shown.find(address) for address in addresses]
    assert -1 not in places
    assert places == sorted(places)
    assert OutgoingMail.objects.count() == 2
