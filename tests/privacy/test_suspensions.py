"""What a hold stops: every way of erasing, until it is released, also where both come at the same moment."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from chat.models import Conversation
from chat.services.conversations import close_abandoned_chats, end_chat
from chat.services.erasing import erase_chat
from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile, TicketMessage
from helpdesk.services.contacts import verify_address
from helpdesk.services.files import store_files
from helpdesk.services.tickets import answer_ticket, erase_ticket
from privacy.categories import Category
from privacy.declarations import root_of
from privacy.ledger import reference
from privacy.models import ConsentNotice, ConsentRecord, Erasure, LedgerEntry, Suspension
from privacy.services.erasing.erasure import erase_person, erase_units
from privacy.services.erasing.holds import NotInForce, UnitGone, place_hold, release_hold, review_hold
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.people.consent import Given
from privacy.services.people.notices import current_notice
from privacy.services.rules.suspensions import Suspended, is_suspended, stopped_among, stops_of
from privacy.terms import Rule
from tests import factories
from tests.privacy.failing import dying_at

pytestmark = pytest.mark.django_db(transaction=True)

REVIEW = date(2030, 1, 31)


@pytest.fixture
def hold(supervisor) -> Callable[..., Suspension]:
    def place(unit, **values) -> Suspension:
        words = {"basis": Suspension.Basis.CLAIM, "reason": "Claim of March", "review_on": REVIEW}
        return place_hold(unit=unit, by=supervisor, **(words | values))

    return place


@pytest.fixture
def closed_chat(account, long_ago) -> Conversation:
    return factories.chat(account, closed_at=long_ago)


@pytest.fixture
def ticket(account, long_ago) -> Ticket:
    """A ticket whose time is over, as is that of its file and its mail."""
    ticket = factories.ticket(account, closed_at=long_ago)
    message = ticket.messages.get()
    store_files(message, [SimpleUploadedFile("scan.png", b"pixels")])
    OutgoingMail.objects.create(
        account=account,
        ticket=ticket,
        key_id=message.key_id,
        to="v@mail.example",
        body="Hello",
        state=OutgoingMail.State.SENT,
        created_at=long_ago,
    )
    for category in (Category.TICKET_FILE, Category.MAIL, Category.CONSENT):
        factories.policy(account, category, amount=7)
    return ticket


# --- Every way of erasing


def test_purge_leaves_what_is_on_hold_and_counts_it(closed_chat, account, hold, long_ago):
    other = factories.chat(account, closed_at=long_ago)
    hold(closed_chat)

    report = purge()

    assert (report.due, report.erased, report.held) == (1, 1, 1)
    assert list(Conversation.objects.values_list("pk", flat=True)) == [closed_chat.pk]
    assert not Conversation.objects.filter(pk=other.pk).exists()


def test_hold_on_a_ticket_keeps_its_files_and_mails(ticket, hold):
    hold(ticket)

    assert purge().held == 3

    assert TicketFile.objects.count() == OutgoingMail.objects.count() == 1
    assert ticket.messages.get().body == "Page nine is torn."


def test_hold_on_a_person_keeps_everything_of_theirs_and_nothing_else(ticket, account, hold, long_ago):
    person = ticket.requester
    chat = factories.chat(account, contact=person, closed_at=long_ago)
    factories.chat(account, closed_at=long_ago)
    notice = ConsentNotice.objects.get(account=account)
    for somebody in (person, factories.contact(account)):
        ConsentRecord.objects.create(
            account=account, notice=notice, subject=reference(somebody), form="chat", at=long_ago
        )
    hold(person)

    report = purge()

    assert (report.held, report.erased) == (5, 2)
    assert Conversation.objects.get() == chat
    assert (Ticket.objects.count(), TicketFile.objects.count(), OutgoingMail.objects.count()) == (1, 1, 1)
    assert ConsentRecord.objects.get().subject == reference(person)


def test_chat_on_hold_that_ends_is_closed_and_not_erased(account, agent, hold):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, agent=agent)
    hold(chat)

    end_chat(conversation=chat, side=Conversation.Side.VISITOR)

    assert Conversation.objects.get().status == Conversation.Status.CLOSED
    assert chat.messages.first().body == "Where is my order?"


def test_abandoned_chat_on_hold_is_closed_and_not_erased(account, hold, long_ago):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    hold(factories.chat(account, last_message_at=long_ago))
    factories.chat(account, last_message_at=long_ago)

    assert close_abandoned_chats() == 2

    assert Conversation.objects.get().status == Conversation.Status.CLOSED


def test_nobody_erases_by_hand_what_is_on_hold(closed_chat, ticket, supervisor, hold):
    hold(closed_chat)
    hold(ticket.requester)

    with pytest.raises(Suspended):
        erase_chat(conversation=closed_chat, by=supervisor)
    with pytest.raises(Suspended):
        erase_ticket(ticket=ticket, by=supervisor)

    assert (Conversation.objects.count(), Ticket.objects.count()) == (1, 1)
    assert not LedgerEntry.objects.filter(action__endswith="erasure_ordered").exists()


def test_right_to_erasure_takes_the_rest_and_says_that_something_stays(account, visitor, hold):
    held = factories.chat(account, contact=visitor)
    factories.ticket(account, requester=visitor)
    hold(held)

    with pytest.raises(Suspended):
        erase_person(visitor, reason="objection")

    assert not Ticket.objects.exists()
    assert Conversation.objects.get() == held
    assert Contact.objects.get(pk=visitor.pk).name == "Vera Visitor"


def test_command_says_that_something_stays(account, visitor, hold):
    hold(factories.chat(account, contact=visitor))

    with pytest.raises(CommandError, match="hold") as told:
        call_command("erase_contact", str(visitor.pk), "--reason", "objection")

    assert told.value.returncode == 1


def test_bare_person_on_hold_stays_until_the_release(account, supervisor, hold, long_ago):
    factories.policy(account, Category.CONTACT, amount=1)
    placed = hold(factories.contact(account, bare_since=long_ago))
    assert purge().held == 1
    assert Contact.objects.exists()

    release_hold(hold=placed, by=supervisor, reason="over")

    assert purge().erased == 1
    assert not Contact.objects.exists()


def test_person_put_on_hold_while_their_last_chat_goes_is_erased_after_the_release(
    account, visitor, supervisor, hold
):
    factories.policy(account, Category.CONTACT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, contact=visitor)
    on_person = hold(factories.contact(account))
    with moved_to(visitor, on_person):
        erase_units(Conversation, [chat.pk], account_id=account.pk, reason="by_hand")
    assert Contact.objects.get(pk=visitor.pk).bare_since is not None

    release_hold(hold=on_person, by=supervisor, reason="over")

    assert not Contact.objects.filter(pk=visitor.pk).exists()


@contextmanager
def moved_to(person: Contact, hold: Suspension) -> Iterator[None]:
    """Put a person on hold after their last unit is gone, and before anybody looks at the person."""

    def place(execute, sql, params, many, context):
        if 'DELETE FROM "chat_conversation"' in sql:
            result = execute(sql, params, many, context)
            Suspension.objects.filter(pk=hold.pk).update(unit_id=person.pk)
            return result
        return execute(sql, params, many, context)

    with connection.execute_wrapper(place):
        yield


def test_person_on_hold_is_not_merged_into_another(account, hold):
    proved = factories.contact(account, email="vera@mail.example", verified_at=timezone.now())
    ticket = factories.ticket(account, requester=factories.contact(account, email="vera@mail.example"))
    hold(ticket.requester)

    left = verify_address(participant=ticket.participants.get())

    assert left == ticket.requester
    assert Ticket.objects.get().requester == ticket.requester != proved
    assert is_suspended(Ticket.objects.get())


def test_erasure_that_crashed_before_its_first_row_went_waits_for_the_release(
    closed_chat, account, supervisor, hold
):
    with dying_at("default", 'DELETE FROM "chat_message"'):
        erase_units(Conversation, [closed_chat.pk], account_id=account.pk, reason="closed")
    placed = hold(closed_chat)

    assert len(finish_open_erasures(older_than=timedelta())) == 0
    assert closed_chat.messages.get().body == "Where is my order?"

    release_hold(hold=placed, by=supervisor, reason="over")
    assert len(finish_open_erasures(older_than=timedelta())) == 1
    assert not Conversation.objects.exists()
    assert not Erasure.objects.filter(done=None).exists()


# --- Placed, looked at again, released


def test_hold_leaves_evidence_without_its_words(closed_chat, supervisor, hold):
    placed = hold(closed_chat)
    review_hold(hold=placed, by=supervisor, review_on=date(2031, 1, 31))
    release_hold(hold=placed, by=supervisor, reason="The claim is settled")

    said = LedgerEntry.objects.filter(action__startswith="hold.").order_by("seq")
    common = {
        "hold": placed.pk,
        "kind": "hold",
        "unit": "chat.conversation",
        "what": reference(closed_chat),
        "who": reference(supervisor),
    }
    assert [(entry.action, entry.params) for entry in said] == [
        ("hold.placed", common | {"basis": "claim", "review_on": "2030-01-31"}),
        ("hold.reviewed", common | {"review_on": "2031-01-31"}),
        ("hold.released", common),
    ]


def test_released_hold_resumes_what_was_due_at_once(account, supervisor, hold, long_ago):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, closed_at=long_ago)
    placed = hold(chat)

    release_hold(hold=placed, by=supervisor, reason="over")

    assert not Conversation.objects.exists()
    kept = Suspension.objects.get()
    assert (kept.released_by, kept.release_reason) == (supervisor, "over")
    assert kept.released_at is not None


def test_released_hold_leaves_what_is_due_later_to_the_purge(closed_chat, supervisor, hold):
    placed = hold(closed_chat)
    purge()

    release_hold(hold=placed, by=supervisor, reason="over")
    assert Conversation.objects.exists()

    assert purge().erased == 1
    assert not Conversation.objects.exists()


def test_released_person_loses_what_was_due_at_once_and_keeps_what_is_open(
    account, visitor, supervisor, hold
):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    placed = hold(visitor)
    factories.chat(account, contact=visitor, closed_at=timezone.now())
    is_open = factories.chat(account, contact=visitor)

    release_hold(hold=placed, by=supervisor, reason="over")

    assert Conversation.objects.get() == is_open


def test_second_hold_goes_on_after_the_first_is_released(closed_chat, supervisor, hold):
    first, second = hold(closed_chat), hold(closed_chat.contact)

    release_hold(hold=first, by=supervisor, reason="over")

    assert purge().held == 1
    assert is_suspended(closed_chat)
    release_hold(hold=second, by=supervisor, reason="over")
    assert purge().erased == 1


def test_hold_is_released_once(closed_chat, supervisor, hold):
    placed = hold(closed_chat)
    release_hold(hold=placed, by=supervisor, reason="over")

    with pytest.raises(NotInForce):
        release_hold(hold=placed, by=supervisor, reason="again")
    with pytest.raises(NotInForce):
        review_hold(hold=placed, by=supervisor, review_on=REVIEW)

    assert Suspension.objects.get().release_reason == "over"


def test_what_is_gone_cannot_be_put_on_hold(closed_chat, account, hold):
    erase_units(Conversation, [closed_chat.pk], account_id=account.pk, reason="closed")

    with pytest.raises(UnitGone):
        hold(closed_chat)

    assert not Suspension.objects.exists()


def test_pages_and_erasures_agree_on_what_is_stopped(ticket, closed_chat, hold):
    units = [ticket, ticket.files.get(), ticket.requester, closed_chat, closed_chat.contact]
    for held in (ticket, closed_chat.contact):
        hold(held)

    shown = [bool(stops_of([unit])) for unit in units]

    assert shown == [is_suspended(unit) for unit in units] == [True, True, False, True, True]


# --- At the same moment


@contextmanager
def when_the_list_was_read(act: Callable[[], object]) -> Iterator[None]:
    """Do something on another connection once the purge has read its list, before it takes anything."""
    done = threading.Event()

    def other() -> None:
        try:
            act()
        finally:
            connections.close_all()

    def watch(execute, sql, params, many, context):
        if not done.is_set() and seen.is_set() and ("FOR UPDATE" in sql or sql.startswith("BEGIN")):
            done.set()
            beside = threading.Thread(target=other)
            beside.start()
            beside.join(30)
        if "held_back" in sql:
            seen.set()
        return execute(sql, params, many, context)

    seen = threading.Event()
    with connection.execute_wrapper(watch):
        yield
    assert done.is_set()


@pytest.mark.parametrize("what", ["chat", "its person"])
def test_hold_that_comes_after_the_purge_has_read_its_list_still_counts(what, closed_chat, hold):
    with when_the_list_was_read(lambda: hold(closed_chat if what == "chat" else closed_chat.contact)):
        report = purge()

    assert report.erased == 0
    assert closed_chat.messages.get().body == "Where is my order?"


def test_hold_that_comes_after_the_list_keeps_the_mails_of_a_ticket(ticket, hold):
    Ticket.objects.update(closed_at=timezone.now())

    with when_the_list_was_read(lambda: hold(ticket)):
        purge()

    assert (OutgoingMail.objects.count(), TicketFile.objects.count()) == (1, 1)


@pytest.mark.parametrize("what", ["chat", "its person"])
def test_who_waits_for_the_lock_sees_the_hold_that_was_placed_meanwhile(what, closed_chat, account, hold):
    placed, erasing = threading.Event(), threading.Event()

    def place() -> None:
        with transaction.atomic():
            hold(closed_chat if what == "chat" else closed_chat.contact)
            placed.set()
            erasing.wait(0.5)  # long enough for the other to be waiting
        connections.close_all()

    beside = threading.Thread(target=place)
    beside.start()
    assert placed.wait(30)

    erased = erase_units(Conversation, [closed_chat.pk], account_id=account.pk, reason="by_hand", wait=True)
    beside.join(30)

    assert erased == 0
    assert stopped_among(root_of(Conversation), [closed_chat.pk]) == {closed_chat.pk}


def test_hold_that_waits_for_an_erasure_says_that_it_comes_too_late(closed_chat, account, hold):
    refused: list[Exception] = []

    def place() -> None:
        try:
            hold(closed_chat)
        except UnitGone as error:
            refused.append(error)
        finally:
            connections.close_all()

    beside = threading.Thread(target=place)

    def watch(execute, sql, params, many, context):
        if 'DELETE FROM "chat_message"' in sql:
            beside.start()
            beside.join(0.5)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        assert erase_units(Conversation, [closed_chat.pk], account_id=account.pk, reason="closed") == 1
    beside.join(30)

    assert len(refused) == 1
    assert not Suspension.objects.exists()


def test_hold_on_a_person_and_their_answer_do_not_block_each_other(ticket, hold):
    said: list[TicketMessage] = []
    participant, written = ticket.participants.get(), threading.Event()
    agreed = Given.to_all(current_notice(ticket.account))

    def write() -> None:
        try:
            with transaction.atomic():
                message = answer_ticket(participant=participant, body="One more thing.", given=agreed)
                written.set()
                time.sleep(0.5)  # long enough for the hold to wait for the ticket
            said.append(message)
        finally:
            connections.close_all()

    beside = threading.Thread(target=write)
    beside.start()
    assert written.wait(30)
    hold(ticket.requester)
    beside.join(30)

    assert len(said) == 1
    assert is_suspended(ticket)
