"""A rehearsal says what goes along: files and mail of tickets, people of whom nothing is left."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from helpdesk.models import Contact, OutgoingMail, TicketFile
from helpdesk.services.files import store_files
from helpdesk.services.mail import queue_mail
from privacy.categories import Category
from privacy.services.erasing.purge import purge
from privacy.services.rules.along import along_with
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.rehearsal import rehearse
from privacy.terms import Rule
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
OVER, STAYING = NOW - timedelta(days=40), NOW + timedelta(days=20)


@pytest.fixture(autouse=True)
def _long_rules(account):
    for category in (Category.TICKET_FILE, Category.MAIL):
        factories.policy(account, category, amount=600)
    factories.policy(account, Category.CONTACT, rule=Rule.AT_ONCE)


def along(account):
    rules = list(policies_in_force(account.pk))
    return along_with(rehearse(rules, NOW).taken, rules)


def ticket(account, *, closed_at=OVER, files=0, mails=0, **values):
    made = factories.ticket(account, created_at=OVER, closed_at=closed_at, **values)
    store_files(made.messages.get(), [SimpleUploadedFile(f"{n}.png", b"pixels") for n in range(files)])
    for _number in range(mails):
        queue_mail(ticket=made, participant=made.participants.get(), template="ticket_opened")
    return made


def test_what_goes_along_is_what_the_purge_takes_along(account, other_account):
    ticket(account, files=2, mails=1)
    ticket(account, files=1, closed_at=STAYING, mails=2)
    ticket(other_account, files=3)
    factories.chat(account, closed_at=OVER)

    assert along(account) == {
        "ticket": {"ticket_file": 2, "mail": 1, "contact": 1},
        "chat": {"contact": 1},
    }

    before = [model.objects.filter(account=account).count() for model in (TicketFile, OutgoingMail, Contact)]
    purge(now=NOW)
    after = [model.objects.filter(account=account).count() for model in (TicketFile, OutgoingMail, Contact)]
    assert (before, after) == ([3, 3, 3], [1, 2, 1])


def test_person_with_something_that_stays_is_not_counted(account, visitor):
    ticket(account, requester=visitor)
    factories.chat(account, contact=visitor)

    assert along(account) == {}


def test_person_of_a_chat_and_a_ticket_is_counted_once(account, visitor):
    ticket(account, requester=visitor)
    factories.chat(account, contact=visitor, closed_at=OVER)

    assert sum(numbers.get("contact", 0) for numbers in along(account).values()) == 1


def test_person_whose_rule_has_a_term_does_not_go_along(account):
    factories.policy(account, Category.CONTACT, amount=7)
    factories.chat(account, closed_at=OVER)

    assert along(account) == {}


def test_what_is_on_hold_takes_nothing_along(account):
    held = ticket(account, files=2)
    factories.hold(held)

    assert along(account) == {}


def test_file_that_goes_by_its_own_rule_is_not_counted_twice(account):
    factories.policy(account, Category.TICKET_FILE, amount=7)
    ticket(account, files=2)

    rules = list(policies_in_force(account.pk))
    rehearsal = rehearse(rules, NOW)

    assert {each.category: each.in_all for each in rehearsal.forecasts}["ticket_file"] == 2
    assert along_with(rehearsal.taken, rules) == {"ticket": {"contact": 1}}


def test_more_than_a_chunk(account, monkeypatch):
    monkeypatch.setattr("privacy.services.rules.along.CHUNK", 2)
    for _number in range(5):
        ticket(account, files=1)

    assert along(account) == {"ticket": {"ticket_file": 5, "contact": 5}}
