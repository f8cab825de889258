"""The privacy notice says what is true, and changes with the settings."""

import pytest
from django.urls import reverse

from helpdesk.notice import notice_of
from privacy.categories import Category
from privacy.services.consent import publish_notice
from privacy.terms import Rule, Unit
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
    publish_notice(
        account=account, text="I agree to <all> of it.", policy_url="https://bramble.example/privacy"
    )

    text = page().text

    assert "I agree to &lt;all&gt; of it." in text
    assert 'href="https://bramble.example/privacy"' in text
    account.consent_required = False
    account.save()
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
