"""The course of a ticket, and what is left of it."""

import threading

import pytest
from django.db import connection, connections

from helpdesk.models import Contact, OutgoingMail, Ticket, TicketFile, TicketMessage, TicketParticipant
from helpdesk.services.tickets import (
    NotOfThisAccount,
    TicketErased,
    add_note,
    answer_ticket,
    assign_ticket,
    change_status,
    close_ticket,
    open_ticket,
    reply_ticket,
)
from privacy import ledger
from privacy.categories import Category
from privacy.declarations import root_of
from privacy.encryption.files import stored_files
from privacy.models import ConsentRecord, DailyCount, DataKey, LedgerEntry, Tombstone
from privacy.services.erasing.erasure import erase_units, is_over
from privacy.services.people.consent import ConsentMissing, Given
from privacy.services.people.notices import current_notice
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import WORDS, opened, pdf, requester_of

pytestmark = pytest.mark.django_db


def counts_of(account) -> dict[str, int]:
    return dict(DailyCount.objects.filter(account=account).values_list("name", "value"))


def test_opened_ticket_has_a_number_and_a_contact_of_its_own(account, other_account):
    first, second, elsewhere = opened(account), opened(account), opened(other_account)

    assert (first.number, second.number, elsewhere.number) == (1, 2, 1)
    assert first.requester != second.requester
    assert Contact.objects.filter(verified_at=None).count() == 3
    assert [m.body for m in TicketMessage.objects.filter(ticket=first)] == ["Page nine is torn."]
    assert Ticket.objects.get(pk=first.pk).subject == "Torn page"
    assert counts_of(account) == {"tickets_opened": 2}


def test_opened_ticket_is_sealed_under_the_key_of_its_participant_alone(account):
    ticket = opened(account, files=[pdf()])

    keys = {
        row.key_id
        for model in (Ticket, TicketParticipant, TicketMessage, TicketFile, OutgoingMail)
        for row in model.objects.all()
    }
    files = set(ticket.files.values_list("key_id", flat=True))
    assert keys == {requester_of(ticket).key_id, *files}
    assert ticket.requester.key_id not in keys
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject FROM helpdesk_ticket")
        assert "Torn" not in cursor.fetchone()[0]


@pytest.mark.parametrize("agreed", [True, False])
def test_ticket_without_consent_leaves_nothing(account, other_account, agreed):
    notice = current_notice(other_account if agreed else account)
    given = Given.to_all(notice) if agreed else Given(notice)

    with pytest.raises(ConsentMissing):
        open_ticket(account=account, given=given, **WORDS)

    models = (Contact, Ticket, TicketParticipant, TicketMessage, OutgoingMail, ConsentRecord, DailyCount)
    assert [model.objects.count() for model in models] == [0] * len(models)


def test_consent_is_proved_for_the_form(account):
    ticket = opened(account)

    record = ConsentRecord.objects.get()

    assert (record.form, record.subject) == ("ticket", ledger.reference(ticket.requester))


def test_reply_waits_for_the_requester_and_an_answer_opens_again(account, agent):
    ticket = opened(account)

    reply = reply_ticket(ticket=ticket, agent=agent, body="Which page?")

    ticket.refresh_from_db()
    assert (ticket.status, reply.agent, reply.key_id) == ("pending", agent, ticket.key_id)
    answer_ticket(participant=requester_of(ticket), body="Nine.")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert [m.kind for m in ticket.messages.all()] == ["request", "reply", "request"]


def test_note_changes_neither_status_nor_mail(account, agent):
    ticket = opened(account)

    add_note(ticket=ticket, agent=agent, body="Look at the printer.")

    ticket.refresh_from_db()
    assert (ticket.status, OutgoingMail.objects.count()) == ("open", 1)


def test_closing_starts_the_clock_and_an_answer_stops_it(account, agent):
    ticket = opened(account)

    assert close_ticket(ticket=ticket, by=agent) is False
    ticket.refresh_from_db()
    closed_at = ticket.closed_at
    assert closed_at is not None
    close_ticket(ticket=ticket, by=agent)
    ticket.refresh_from_db()
    assert ticket.closed_at == closed_at
    answer_ticket(participant=requester_of(ticket), body="Wait!")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("open", None)
    assert counts_of(account) == {"tickets_opened": 1, "tickets_closed": 1, "tickets_reopened": 1}


def test_status_change_of_an_agent_opens_again(account, agent):
    ticket = opened(account)
    close_ticket(ticket=ticket, by=agent)

    change_status(ticket=ticket, status="pending", by=agent)

    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("pending", None)


def test_ticket_is_given_to_people_of_its_account_only(account, agent, stranger):
    ticket = opened(account)
    gone = factories.user(account=account, is_active=False)

    for person in (stranger, gone):
        with pytest.raises(NotOfThisAccount):
            assign_ticket(ticket=ticket, assignee=person, by=agent)
    assign_ticket(ticket=ticket, assignee=agent, by=agent)

    ticket.refresh_from_db()
    assert ticket.assignee == agent
    assign_ticket(ticket=ticket, assignee=None, by=agent)
    ticket.refresh_from_db()
    assert ticket.assignee is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_folders")
def test_closing_erases_where_the_account_erases_at_once(account, agent):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account, files=[pdf()])
    keys = {ticket.key_id, ticket.requester.key_id}
    reply_ticket(ticket=ticket, agent=agent, body="Done.", files=[pdf("b.pdf")])

    assert close_ticket(ticket=ticket, by=agent) is True

    models = (Ticket, TicketParticipant, TicketMessage, TicketFile, OutgoingMail, Contact)
    assert [model.objects.count() for model in models] == [0] * len(models)
    assert list(stored_files()) == []
    assert not DataKey.objects.filter(pk__in=keys).exists()
    assert Tombstone.objects.filter(key_id__in=keys).count() == 2
    assert counts_of(account)["tickets_closed"] == 1
    assert LedgerEntry.objects.filter(action="erasure.done").count() == 2
    assert ledger.verify().ok


def test_everything_written_to_an_erased_ticket_says_that_it_is_gone(account, agent):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account)
    participant = requester_of(ticket)
    close_ticket(ticket=ticket, by=agent)

    for write in (
        lambda: answer_ticket(participant=participant, body="Hello?"),
        lambda: reply_ticket(ticket=ticket, agent=agent, body="Hello?"),
        lambda: add_note(ticket=ticket, agent=agent, body="Hello?"),
        lambda: assign_ticket(ticket=ticket, assignee=agent, by=agent),
        lambda: close_ticket(ticket=ticket, by=agent),
    ):
        with pytest.raises(TicketErased):
            write()
    assert TicketMessage.objects.count() == 0


def test_ticket_that_opens_again_during_a_purge_stays(account, agent):
    ticket = opened(account)
    close_ticket(ticket=ticket, by=agent)
    due, conditions = [ticket.pk], is_over(root_of(Ticket))
    answer_ticket(participant=requester_of(ticket), body="Wait!")

    erased = erase_units(Ticket, due, account_id=account.pk, reason="retention", still=conditions)

    assert (erased, ticket.messages.count()) == (0, 2)


@pytest.mark.django_db(transaction=True)
def test_ledger_tells_the_course_without_a_word_of_it(account, agent):
    ticket = opened(account)
    close_ticket(ticket=ticket, by=agent)
    answer_ticket(participant=requester_of(ticket), body="Wait!")

    entries = LedgerEntry.objects.filter(action__startswith="ticket.").order_by("seq")

    assert [entry.action for entry in entries] == ["ticket.opened", "ticket.closed", "ticket.reopened"]
    assert {entry.params["ticket"] for entry in entries} == {ledger.reference(ticket)}
    assert [entry.params.get("by") for entry in entries] == [None, ledger.reference(agent), ""]


@pytest.mark.django_db(transaction=True)
def test_numbers_are_given_out_once(account):
    current_notice(account)
    problems: list[Exception] = []

    def open_three() -> None:
        try:
            for _ in range(3):
                opened(account)
        except Exception as problem:  # noqa: BLE001  (shown by the assertion below)
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=open_three) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert sorted(Ticket.objects.values_list("number", flat=True)) == list(range(1, 13))
