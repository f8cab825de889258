"""A shorter limit of silence closes nothing at once: what was silent already waits a day."""

from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation
from chat.services.conversations import close_abandoned_chats
from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account, Ticket
from helpdesk.services.account_settings import change_account
from helpdesk.services.silent_tickets import close_silent_tickets
from privacy.terms import Rule
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
NOW = timezone.now()


@pytest.fixture
def change(account, manager):
    def _change(after: timedelta = timedelta(), **limits) -> None:
        with freeze_time(NOW + after):
            change_account(account=account, by=manager, address=NOWHERE, values=limits)

    return _change


def silent_ticket(account, days: int) -> Ticket:
    since = NOW - days * DAY
    return factories.ticket(account, created_at=since, last_activity_at=since)


def silent_chat(account, minutes: int) -> Conversation:
    return factories.chat(account, last_message_at=NOW - timedelta(minutes=minutes))


def closed_tickets(after: timedelta) -> int:
    with freeze_time(NOW + after):
        return close_silent_tickets()


def closed_chats(after: timedelta) -> int:
    with freeze_time(NOW + after):
        return close_abandoned_chats()


def test_ticket_that_was_silent_already_waits_a_day(account, change):
    factories.policy(account, "ticket", rule=Rule.AT_ONCE)
    for _number in range(12):
        silent_ticket(account, 40)
    change(silent_ticket_days=30)

    assert closed_tickets(timedelta(minutes=1)) == 0
    assert closed_tickets(DAY - timedelta(seconds=1)) == 0
    assert Ticket.objects.count() == 12
    assert closed_tickets(DAY) == 12
    assert not Ticket.objects.exists()


def test_former_limit_counts_while_the_shorter_one_waits(account, change):
    over = silent_ticket(account, 366)
    waits = silent_ticket(account, 364)
    change(silent_ticket_days=30)

    assert closed_tickets(timedelta(hours=1)) == 1
    assert Ticket.objects.get(pk=over.pk).closed_at
    assert Ticket.objects.get(pk=waits.pk).closed_at is None


def test_ticket_of_another_account_waits_for_nothing(account, other_account, change):
    change(silent_ticket_days=30)
    Account.objects.filter(pk=other_account.pk).update(silent_ticket_days=30)
    silent_ticket(other_account, 40)

    assert closed_tickets(timedelta(hours=1)) == 1


def test_second_shortening_waits_again_and_forgets_no_limit(account, change):
    silent_ticket(account, 40)
    change(silent_ticket_days=30)
    change(after=timedelta(hours=20), silent_ticket_days=20)

    assert closed_tickets(timedelta(hours=43)) == 0
    assert closed_tickets(timedelta(hours=44)) == 1


def test_longer_limit_counts_at_once(account, change):
    silent_ticket(account, 366)
    change(silent_ticket_days=400)

    assert closed_tickets(timedelta(hours=1)) == 0
    assert closed_tickets(2 * DAY) == 0
    assert closed_tickets(35 * DAY) == 1


def test_chat_that_was_silent_already_waits_for_its_former_limit(account, change):
    silent_chat(account, 20)
    change(idle_minutes=10)

    assert closed_chats(timedelta(minutes=39)) == 0
    assert closed_chats(timedelta(minutes=41)) == 1


def test_chat_that_was_silent_already_waits_a_day_at_most(account, change):
    Account.objects.filter(pk=account.pk).update(idle_minutes=7 * 24 * 60)
    silent_chat(account, 20)
    change(idle_minutes=10)

    assert closed_chats(DAY - timedelta(seconds=1)) == 0
    assert closed_chats(DAY) == 1


def test_chat_that_came_after_the_change_has_the_new_limit(account, change):
    change(idle_minutes=10)
    silent_chat(account, -1)

    assert closed_chats(timedelta(minutes=10)) == 0
    assert closed_chats(timedelta(minutes=12)) == 1


def test_other_settings_start_no_wait(account, change):
    change(silent_ticket_days=30)
    change(after=2 * DAY, privacy_contact="privacy@bramble.example")
    silent_ticket(account, 40)

    assert closed_tickets(2 * DAY) == 1
