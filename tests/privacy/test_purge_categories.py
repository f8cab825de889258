"""Each category goes by its own rule: files before their ticket, rows of mail and consent, bare contacts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Conversation
from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile
from helpdesk.services.files import content_of, store_files
from helpdesk.services.retention import Decision, change_retention, end_cooling
from helpdesk.services.tickets import close_ticket
from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.encryption.files import store_file, stored_files
from privacy.models import ConsentRecord, DataKey, LedgerEntry, PolicyVersion
from privacy.services.erasing.purge import purge
from privacy.services.erasing.survivors import count_survivors
from privacy.terms import Clock, Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=10)


def days(amount: int) -> Term:
    return Term(Rule.AFTER, amount, Unit.DAYS)


@pytest.fixture
def ticket_with_file(account) -> Ticket:
    ticket = factories.ticket(account, closed_at=OLD)
    store_files(ticket.messages.get(), [SimpleUploadedFile("scan.png", b"pixels")])
    TicketFile.objects.update(created_at=OLD)
    return ticket


def test_file_goes_before_its_ticket_with_a_key_of_its_own(account, ticket_with_file):
    factories.policy(account, Category.TICKET_FILE, amount=7)
    file = ticket_with_file.files.get()

    report = purge(now=NOW)

    assert report.by_category == {"ticket_file": 1}
    assert ticket_with_file.messages.get().body == "Page nine is torn."
    assert count_survivors([file.key_id], [file.stored_as]) == {}
    assert list(stored_files()) == []


def test_file_goes_as_soon_as_its_ticket_is_closed_where_only_files_go_at_once(account, agent):
    factories.policy(account, Category.TICKET_FILE, rule=Rule.AT_ONCE)
    ticket = factories.ticket(account)
    store_files(ticket.messages.get(), [SimpleUploadedFile("scan.png", b"pixels")])

    close_ticket(ticket=ticket, by=agent)

    assert (TicketFile.objects.count(), list(stored_files())) == (0, [])
    assert Ticket.objects.get().status == Ticket.Status.CLOSED
    assert ticket.messages.get().body == "Page nine is torn."


def test_file_that_shares_the_key_of_its_ticket_leaves_the_ticket_readable(account, ticket_with_file):
    message = ticket_with_file.messages.get()
    old = TicketFile.objects.create(
        account=account,
        ticket=ticket_with_file,
        message=message,
        key_id=message.key_id,
        name="old.png",
        stored_as=store_file(message.sealing_keys[message.key_id], [b"pixels"]),
        size=6,
        created_at=OLD,
    )
    factories.policy(account, Category.TICKET_FILE, amount=7)

    purge(now=NOW)

    assert not TicketFile.objects.filter(pk=old.pk).exists()
    assert list(stored_files()) == []
    assert Ticket.objects.get().messages.get().body == "Page nine is torn."


def test_ticket_takes_the_files_that_are_left(account, ticket_with_file):
    factories.policy(account, Category.TICKET, amount=7)
    kept_elsewhere = ticket_with_file.files.get()
    assert content_of(kept_elsewhere) == b"pixels"

    purge(now=NOW)

    assert not TicketFile.objects.exists()
    assert not DataKey.objects.filter(pk=kept_elsewhere.key_id).exists()
    assert list(stored_files()) == []


def test_contact_waits_for_the_term_of_contacts_and_then_goes(account, visitor):
    factories.policy(account, Category.CONTACT, amount=7)
    factories.chat(account, contact=visitor, closed_at=NOW - timedelta(days=31))
    purge(now=NOW)
    Contact.objects.update(bare_since=NOW)

    kept = purge(now=NOW + timedelta(days=6))
    assert (kept.due, Contact.objects.get()) == (0, visitor)

    assert purge(now=NOW + timedelta(days=7)).by_category == {"contact": 1}
    assert not Contact.objects.exists()


def test_contact_who_came_back_stays(account, visitor):
    factories.policy(account, Category.CONTACT, amount=7)
    Contact.objects.filter(pk=visitor.pk).update(bare_since=OLD)
    factories.ticket(account, requester=visitor)

    assert purge(now=NOW).due == 0
    assert Contact.objects.get() == visitor


def test_log_of_sent_mail_goes_and_mail_to_send_stays(account):
    ticket = factories.ticket(account)
    for state in OutgoingMail.State:
        OutgoingMail.objects.create(
            account=account, ticket=ticket, template="x", state=state, key_id=ticket.key_id, created_at=OLD
        )
    factories.policy(account, Category.MAIL, amount=7)

    report = purge(now=NOW)

    assert report.by_category == {"mail": 2}
    assert OutgoingMail.objects.get().state == OutgoingMail.State.QUEUED


def test_proof_of_consent_outlives_the_person_and_then_goes(account):
    notice = account.consent_notices.get()
    for at in (NOW - timedelta(days=5 * 365 + 2), OLD):
        ConsentRecord.objects.create(
            account=account, notice=notice, subject="0" * 32, form="chat", language="en", at=at
        )

    report = purge(now=NOW)

    assert report.by_category == {"consent": 1}
    assert ConsentRecord.objects.get().at == OLD


def test_weekly_run_waits_for_its_day_and_hour_of_the_accounts_own_clock(account):
    account.time_zone = "Europe/Paris"
    account.save()
    cadence = Cadence(Every.WEEKLY, hour=3, weekday=6)
    rule = Decision(Term(Rule.AFTER, 1, Unit.HOURS), cadence=cadence)
    change_retention(account=account, decisions={Category.CHAT: rule}, by=None, skip_cooling=True)
    factories.chat(account, closed_at=datetime(2026, 3, 24, 12, tzinfo=UTC))
    sunday = datetime(2026, 3, 29, 1, tzinfo=UTC)  # the clocks were set forward two minutes before three

    assert purge(now=sunday - timedelta(seconds=1)).due == 0
    report = purge(now=sunday + timedelta(seconds=5))

    assert (report.erased, report.overdue_seconds_max) == (1, 5)


def test_other_clocks_count_from_their_own_moment(account):
    rule = Decision(days(30), clock=Clock.CREATED)
    change_retention(account=account, decisions={Category.CHAT: rule}, by=None, skip_cooling=True)
    factories.chat(account, created_at=NOW - timedelta(days=31), closed_at=NOW - timedelta(days=1))
    still_open = factories.chat(account, created_at=NOW - timedelta(days=31))

    purge(now=NOW)

    assert Conversation.objects.get() == still_open


def test_receipt_of_a_run_names_the_version_and_counts_by_category(account, manager):
    change_retention(
        account=account, decisions={Category.CHAT: Decision(days(3))}, by=manager, skip_cooling=True
    )
    factories.chat(account, closed_at=OLD)
    factories.ticket(account, closed_at=NOW - timedelta(days=31))

    purge(now=NOW)

    (run,) = LedgerEntry.objects.filter(action="purge.run")
    begun = LedgerEntry.objects.filter(action="erasure.begun").order_by("seq")
    counts = {name: count for name, count in run.params.items() if name.startswith("erased_")}
    assert (run.account_id, run.params["version"], counts) == (
        account.pk,
        1,
        {"erased_chat": 1, "erased_ticket": 1, "erased_contact": 2},
    )
    assert run.params["first"] == begun.first().seq
    assert begun.first().params["version"] == 1
    assert begun.first().params["rule"] == "after.3.days"
    assert begun.first().params["clock"] == "closed"


# --- Cooling-off


def test_what_was_there_waits_a_day_after_a_shorter_term_and_what_comes_does_not(account, manager):
    now = datetime.now(UTC)
    before = factories.chat(account, closed_at=now - timedelta(days=10))
    change_retention(account=account, decisions={Category.CHAT: Decision(Term(Rule.AT_ONCE))}, by=manager)
    factories.chat(account, closed_at=datetime.now(UTC))

    purge(now=now + timedelta(hours=1))
    assert Conversation.objects.get() == before

    purge(now=now + timedelta(hours=25))
    assert not Conversation.objects.exists()


def test_cooling_off_never_keeps_anything_longer_than_the_former_term(account, manager):
    now = datetime.now(UTC)
    factories.chat(account, closed_at=now - timedelta(days=30) + timedelta(hours=2))
    change_retention(account=account, decisions={Category.CHAT: Decision(days(3))}, by=manager)

    assert purge(now=now + timedelta(hours=1)).due == 0
    assert purge(now=now + timedelta(hours=3)).erased == 1


def test_second_change_in_the_same_day_does_not_shorten_the_wait(account, manager):
    now = datetime.now(UTC)
    factories.chat(account, closed_at=now - timedelta(days=10))
    for rule in (days(20), days(40), days(3)):
        change_retention(account=account, decisions={Category.CHAT: Decision(rule)}, by=manager)

    assert purge(now=now + timedelta(hours=23)).due == 0
    assert purge(now=now + timedelta(hours=25)).erased == 1


def test_wait_is_ended_with_a_reason_and_leaves_a_version(account, manager):
    factories.chat(account, closed_at=datetime.now(UTC) - timedelta(days=10))
    change_retention(account=account, decisions={Category.CHAT: Decision(days(3))}, by=manager)

    assert end_cooling(account=account, category=Category.CHAT, by=manager, reason="Told by the DPO")
    assert purge().erased == 1
    assert PolicyVersion.objects.get(account=account, number=2).reason == "Told by the DPO"
    assert not end_cooling(account=account, category=Category.CHAT, by=manager, reason="Again")


def test_what_was_there_waits_a_day_after_another_clock(account, manager):
    now = datetime.now(UTC)
    factories.chat(account, created_at=now - timedelta(days=40), closed_at=now - timedelta(days=1))
    rule = Decision(days(30), clock=Clock.CREATED)
    change_retention(account=account, decisions={Category.CHAT: rule}, by=manager)

    assert purge(now=now + timedelta(hours=23)).due == 0
    assert purge(now=now + timedelta(hours=25)).erased == 1


def test_longer_term_counts_at_once(account, manager):
    change_retention(account=account, decisions={Category.CHAT: Decision(days(90))}, by=manager)
    factories.chat(account, closed_at=datetime.now(UTC) - timedelta(days=31))

    assert purge().due == 0
    assert not account.cooling_offs.exists()


def test_file_of_a_ticket_on_hold_stays(account, ticket_with_file):
    factories.policy(account, Category.TICKET_FILE, amount=7)
    factories.hold(ticket_with_file)

    report = purge(now=NOW)

    assert (report.due, report.held) == (0, 1)
    assert TicketFile.objects.exists()
