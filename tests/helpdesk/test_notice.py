"""The privacy notice says what is true, and changes with the settings."""

import pytest
from django.urls import reverse

from helpdesk.notice import notice_of
from helpdesk.services.retention import Decision, change_retention
from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.models import Plan
from privacy.terms import Rule, Term, Unit
from tests import factories
from tests.helpdesk.tickets import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, account):
    return lambda: client.get(reverse("privacy_notice", args=[account.public_id]))


def test_notice_follows_retention(page, account):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    factories.policy(account, Category.TICKET, amount=1, unit=Unit.MONTHS)

    text = page().text

    assert "A chat is erased as soon as it is closed." in text
    assert "is erased 1 month after it is closed." in text
    factories.policy(account, Category.TICKET, rule=Rule.KEEP)
    assert "is erased when somebody deletes it by hand." in page().text


def test_notice_can_be_read_while_the_account_is_switched_off(page, account):
    account.is_active = False
    account.save()

    assert "What happens to my data" in page().text
    assert reverse("ticket_new", args=[account.public_id]) not in page().text


def test_notice_says_of_each_kind_how_long_it_is_kept(page, account):
    factories.policy(account, Category.CONSENT, amount=6, unit=Unit.YEARS)
    factories.policy(account, Category.TICKET_FILE, amount=2, unit=Unit.WEEKS)
    factories.policy(account, Category.MAIL, rule=Rule.AT_ONCE)

    text = page().text

    assert "The proof of your consent is erased 6 years after it was given." in text
    assert (
        "A file of a ticket is erased 2 weeks after it is closed, and with the ticket at the latest." in text
    )
    assert "The record of a mail to you is erased as soon as it is sent." in text
    assert "Your name and address are erased as soon as no chat or ticket is left." in text
    assert (
        "Numbers about nobody, such as how many chats there were on a day, are erased 3 years after" in text
    )


def test_notice_names_the_runs_and_the_archive(page, account):
    weekly = Cadence(Every.WEEKLY, hour=3, weekday=6)
    rule = Decision(Term(Rule.AFTER, 1, Unit.MONTHS), cadence=weekly, archive=Term(Rule.AFTER, 1, Unit.YEARS))
    assert "archive" not in page().text

    change_retention(account=account, decisions={Category.CHAT: rule}, by=None)

    assert (
        "A chat is erased 1 year after it went to the archive, which is 1 month after it is closed, in a run "
        "every Sunday at 03:00."
    ) in page().text
    assert "Only people who are named for it can open it" in page().text


def test_notice_obeys_the_limit_of_the_plan(page, account):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    account.plan = Plan.objects.get(pk="standard")
    account.save()

    assert "A chat is erased 3 months after it is closed." in page().text


def test_notice_names_what_is_asked(account):
    account.chat_name, account.chat_email, account.ticket_name = "off", "required", "optional"

    notice = notice_of(account)

    assert [(f.label, f.required) for f in notice.chat_fields] == [("Email", True), ("Your question", False)]
    assert [(f.label, f.required) for f in notice.ticket_fields] == [
        ("Name", False),
        ("Email", True),
        ("Subject", True),
        ("Message", True),
        ("Files", False),
    ]


def test_notice_shows_the_words_of_the_consent_in_force(page, account):
    account.policy_url = "https://bramble.example/privacy"
    account.save()
    factories.asks(account, "I agree to <all> of it.")

    text = page().text

    assert "I agree to &lt;all&gt; of it." in text
    assert 'href="https://bramble.example/privacy"' in text
    factories.asks_nothing(account)
    assert "I agree to" not in page().text


def test_notice_names_controller_and_contact(page, account):
    account.controller, account.privacy_contact = "Bramble Books Ltd\n1 Hedge Row", "privacy@bramble.example"
    account.save()

    text = page().text

    assert "Bramble Books Ltd<br>1 Hedge Row" in text
    assert 'href="mailto:privacy@bramble.example"' in text


def test_notice_stores_nothing_in_the_browser(page):
    assert page().cookies == {}


def test_mailbox_of_the_demo_is_there_in_the_demo_only(client, account, settings):
    opened(account)
    assert client.get(reverse("demo_mail")).status_code == 404

    settings.LETHE_DEMO = True

    text = client.get(reverse("demo_mail")).text
    assert "vera@mail.example" in text
    assert f'href="{settings.LETHE_BASE_URL}/tickets/open/#' in text


def test_notice_says_what_becomes_of_a_silent_ticket_and_of_a_chat_that_becomes_one(page, account):
    account.silent_ticket_days = 90
    account.save()

    text = page().text

    assert "A ticket in which nobody writes for 90 days is closed, and its time begins." in text
    assert "A chat that becomes a ticket is erased then, and the ticket's time counts." in text
