"""Mail out: what it says, to whom, how often, and that its words leave the queue."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from helpdesk.models import OutgoingMail, Ticket
from helpdesk.services.mail import message_of, send_due_mail
from helpdesk.services.sending import ATTEMPTS
from helpdesk.services.tickets import close_ticket, reply_ticket
from helpdesk.tasks import send_mail
from helpdesk.ticket_links import link_of
from privacy.categories import Category
from privacy.services.erasing.purge import purge
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import opened, requester_of

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


def test_confirmation_carries_the_link_and_no_word_of_the_submitter(account):
    ticket = opened(account, name="Free Money", subject="Win a prize", message="Click http://evil.example")

    sent = OutgoingMail.objects.get()

    assert sent.to == "vera@mail.example"
    assert sent.subject == "Bramble Books: we have your request #1"
    assert link_of(requester_of(ticket)) in sent.body
    assert f"/privacy/{account.public_id}/" in sent.body
    words = sent.subject + sent.body
    assert [word for word in ("Money", "prize", "evil") if word in words] == []


def test_confirmation_is_sealed(account):
    opened(account)

    with connection.cursor() as cursor:
        cursor.execute('SELECT "to", subject, body FROM helpdesk_outgoingmail')
        stored = " ".join(cursor.fetchone())

    assert "mail.example" not in stored
    assert "Bramble" not in stored


def test_one_confirmation_an_address_and_hour(account, other_account):
    first = opened(account)
    opened(account, email="VERA@mail.example")
    opened(account, email="other@mail.example")
    opened(other_account)

    assert OutgoingMail.objects.count() == 3
    hour = timedelta(hours=1, seconds=1)
    earlier = first.created_at - hour
    Ticket.objects.filter(pk=first.pk).update(created_at=earlier)
    OutgoingMail.objects.filter(ticket=first).update(created_at=earlier)
    opened(account)
    assert OutgoingMail.objects.count() == 4


def test_reply_brings_its_words_and_the_same_link(account, agent):
    ticket = opened(account)
    reply_ticket(ticket=ticket, agent=agent, body="A new copy is on its way & <soon>.")

    confirmation, reply = OutgoingMail.objects.order_by("pk")

    assert "A new copy is on its way & <soon>." in reply.body
    link = link_of(requester_of(ticket))
    assert (link in confirmation.body, link in reply.body) == (True, True)


def test_reply_without_an_address_sends_nothing(account, agent):
    ticket = opened(account, email="")

    reply_ticket(ticket=ticket, agent=agent, body="Hello.")

    assert OutgoingMail.objects.count() == 0


def test_sent_mail_leaves_no_words_behind(account, server):
    opened(account)

    send_mail()
    send_mail()

    row = OutgoingMail.objects.get()
    assert [message.to for message in mail.outbox] == [["vera@mail.example"]]
    assert (row.state, row.to, row.subject, row.body) == ("sent", None, None, None)
    assert row.sent_at is not None


def test_without_a_server_mail_waits(account):
    opened(account)

    send_mail()

    assert OutgoingMail.objects.get().state == "queued"
    assert mail.outbox == []


@pytest.mark.parametrize("has_server", [False, True])
def test_mail_that_waited_for_seven_days_is_emptied_and_goes_with_its_term(account, server, has_server):
    server.LETHE_SENDS_MAIL = has_server
    account.is_active = False  # so that it waits with a server, too
    account.save(update_fields=["is_active"])
    factories.policy(account, Category.MAIL, amount=30)
    opened(account)
    opened(account, email="later@mail.example")
    now = timezone.now()
    old, young = OutgoingMail.objects.order_by("created_at")
    for row, days in ((old, 7), (young, 6)):
        OutgoingMail.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=days, seconds=1))

    assert send_due_mail(now=now) == 0

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.to, old.subject, old.body) == ("failed", None, None, None)
    assert (young.state, young.to) == ("queued", "later@mail.example")
    purge(now=now + timedelta(days=23))
    assert list(OutgoingMail.objects.all()) == [young]


def test_mail_of_an_inactive_account_waits(account, server):
    opened(account)
    account.is_active = False
    account.save(update_fields=["is_active"])

    assert send_due_mail() == 0

    assert OutgoingMail.objects.get().state == "queued"


def test_headers_of_a_confirmation_and_of_a_reply(account, agent, server):
    ticket = opened(account)
    reply_ticket(ticket=ticket, agent=agent, body="Hello.")

    send_due_mail()

    confirmation, reply = (message.message() for message in mail.outbox)
    assert confirmation["Auto-Submitted"] == "auto-generated"
    assert confirmation["From"] == "Bramble Books <helpdesk@localhost>"
    assert reply["Auto-Submitted"] is None
    assert confirmation["Message-ID"].endswith("@127.0.0.1>")
    assert confirmation["Message-ID"] != reply["Message-ID"]


@pytest.mark.parametrize("name", ["Bramble\r\nBcc: evil@mail.example", 'Bramble" <evil@mail.example>, "x'])
def test_name_of_an_account_injects_nothing(account, server, name):
    account.name = name
    account.save(update_fields=["name"])
    opened(account)

    send_due_mail()

    message = mail.outbox[0].message()
    assert mail.outbox[0].recipients() == ["vera@mail.example"]
    assert message["Bcc"] is None
    assert message["From"].endswith("<helpdesk@localhost>")


def test_server_that_is_away_is_tried_again_later_and_later(account, failing_server):
    failing_server(ConnectionRefusedError())
    opened(account)
    now = timezone.now()
    pauses = []

    for _ in range(ATTEMPTS - 1):
        send_due_mail(now=now)
        row = OutgoingMail.objects.get()
        pauses.append(row.next_attempt_at - now)
        now = row.next_attempt_at

    assert pauses == [timedelta(minutes=2**n) for n in range(ATTEMPTS - 1)]
    assert (row.state, row.to) == ("queued", "vera@mail.example")
    send_due_mail(now=now)
    row.refresh_from_db()
    assert (row.state, row.to, row.body) == ("failed", None, None)


@pytest.mark.parametrize(
    "error", [smtplib.SMTPRecipientsRefused({"vera@mail.example": (550, b"unknown")}), ValueError("header")]
)
def test_mail_that_can_never_arrive_is_given_up_at_once(account, failing_server, caplog, error):
    failing_server(error)
    opened(account)

    send_due_mail()

    assert OutgoingMail.objects.get().state == "failed"
    assert "vera" not in caplog.text


def test_address_that_is_refused_for_now_is_tried_again(account, failing_server):
    failing_server(smtplib.SMTPRecipientsRefused({"vera@mail.example": (450, b"greylisted")}))
    opened(account)

    send_due_mail()

    assert OutgoingMail.objects.get().state == "queued"


def test_failing_mail_does_not_stop_the_others(account, server):
    opened(account)
    OutgoingMail.objects.update(to=None)
    opened(account, email="other@mail.example")

    assert send_due_mail() == 1

    assert [message.to for message in mail.outbox] == [["other@mail.example"]]


def test_mail_of_an_erased_ticket_is_never_sent(account, agent, server):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account)
    claimed = OutgoingMail.objects.get()
    close_ticket(ticket=ticket, by=agent)

    assert send_due_mail() == 0
    with pytest.raises(ValueError, match="no address"):
        message_of(claimed)
