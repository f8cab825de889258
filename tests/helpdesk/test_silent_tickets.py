"""A ticket in which nobody writes is closed by the house, so that its time can end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from helpdesk import tasks
from helpdesk.models import Ticket
from helpdesk.services.silent_tickets import close_silent_tickets, silence_in_words
from helpdesk.services.tickets import answer_ticket
from privacy import ledger
from privacy.models import DailyCount, DataKey, LedgerEntry
from privacy.services.erasing.purge import purge
from privacy.terms import Rule
from tests import factories
from tests.chat.beside import at_once
from tests.helpdesk.tickets import opened, requester_of

pytestmark = pytest.mark.django_db(transaction=True)


def _silent(account, days: int = 366, **values) -> Ticket:
    since = timezone.now() - timedelta(days=days)
    return factories.ticket(account, created_at=since, last_activity_at=since, **values)


@pytest.mark.parametrize("status", [Ticket.Status.OPEN, Ticket.Status.PENDING])
def test_silent_ticket_is_closed_and_its_clock_starts(account, status):
    ticket = _silent(account, status=status)
    before = timezone.now()

    assert close_silent_tickets() == 1

    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.CLOSED
    assert before <= ticket.closed_at <= timezone.now()
    assert close_silent_tickets() == 0
    assert purge(now=ticket.closed_at + timedelta(days=30)).erased == 1


def test_evidence_says_that_nobody_closed_it(account):
    ticket = _silent(account)

    close_silent_tickets()

    closed = LedgerEntry.objects.get(action="ticket.closed")
    assert closed.params == {"ticket": ledger.reference(ticket), "by": ""}
    assert DailyCount.objects.get(name="tickets_closed").value == 1


def test_account_says_how_long_it_waits(account, other_account):
    account.silent_ticket_days, other_account.silent_ticket_days = 10, 12
    account.save()
    other_account.save()
    _silent(account, 9)
    over = _silent(account, 11)
    _silent(other_account, 11)

    assert close_silent_tickets() == 1
    assert Ticket.objects.get(status="closed") == over
    assert (
        silence_in_words(account)
        == "A ticket in which nobody writes for 10 days is closed, and its time begins."
    )


def test_ticket_of_an_account_that_is_switched_off_is_closed_too(account):
    account.is_active = False
    account.save()
    _silent(account)

    assert close_silent_tickets() == 1


def test_ticket_is_erased_with_the_close_where_the_account_wants_that(account):
    factories.policy(account, "ticket", rule=Rule.AT_ONCE)
    ticket = _silent(account)

    assert close_silent_tickets() == 1
    assert not Ticket.objects.exists()
    assert not DataKey.objects.filter(pk=ticket.key_id).exists()


def test_one_that_cannot_be_closed_stops_no_other(account, caplog):
    lost, closed = _silent(account), _silent(account)
    DataKey.objects.filter(pk=lost.key_id).delete()

    assert close_silent_tickets() == 1

    assert Ticket.objects.get(pk=closed.pk).closed_at
    assert f"Ticket {lost.pk} is silent and could not be closed." in caplog.text


def test_more_tickets_than_a_batch(account, monkeypatch):
    monkeypatch.setattr("helpdesk.services.silent_tickets.BATCH", 2)
    for _number in range(5):
        _silent(account)

    assert close_silent_tickets() == 5


def test_somebody_who_writes_at_that_moment_is_heard(account):
    for _attempt in range(5):
        ticket = opened(account)
        Ticket.objects.filter(pk=ticket.pk).update(last_activity_at=timezone.now() - timedelta(days=366))
        requester = requester_of(ticket)

        at_once(
            close_silent_tickets,
            lambda requester=requester: answer_ticket(participant=requester, body="Still torn."),
        )

        assert Ticket.objects.get(pk=ticket.pk).closed_at is None


def test_task_may_run_twice(account):
    _silent(account)

    tasks.close_silent_tickets()
    tasks.close_silent_tickets()

    assert Ticket.objects.get().status == "closed"
    assert LedgerEntry.objects.filter(action="ticket.closed").count() == 1
