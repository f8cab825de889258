"""The page behind the link to the policy: its content is part of what was shown, where it could be read."""

from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from freezegun import freeze_time

from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account
from helpdesk.services.account_settings import change_account
from helpdesk.services.policy_pages import read_due_policies, read_policy
from privacy.models import LedgerEntry
from privacy.services.people.notices import current_notice
from tests import factories
from tests.helpdesk.web_page import page, served

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = "<html><head><script nonce='{0}'>x</script></head><body><h1>Privacy</h1><p>{1}</p></body></html>"


@pytest.fixture
def linked(account, settings):
    """Return a function that lets the account's link lead to a page that says something, and reads it."""
    settings.LETHE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    says = {}

    def read(words: str) -> Account:
        says["now"] = words
        read_policy(account)
        account.refresh_from_db()
        return account

    looks = count()
    with served(page(lambda: POLICY.format(next(looks), says["now"]))) as base:
        account.policy_url = f"{base}/privacy"
        account.save()
        factories.published(account)
        yield read


def test_version_in_force_says_what_stood_behind_the_link(linked):
    account = linked("We keep little.")

    notice = current_notice(account)
    assert (len(notice.policy_hash), account.policy_trouble) == (64, "")
    assert LedgerEntry.objects.get(action="notice.policy_read").params["policy_hash"] == notice.policy_hash
    assert notice.version == account.notice_version


def test_another_look_changes_nothing(linked):
    before = current_notice(linked("We keep little."))

    assert current_notice(linked("We  keep\nlittle.")) == before


def test_other_words_ask_returning_visitors_again(linked):
    before = current_notice(linked("We keep little."))

    after = current_notice(linked("We keep everything."))

    assert after.version == before.version + 1
    assert after.policy_hash not in {"", before.policy_hash}
    assert Account.objects.get().notice_version == after.version


def test_words_that_are_others_at_each_look_ask_nobody(account, settings):
    settings.LETHE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    looks = count()
    with served(page(lambda: POLICY.format("", f"Visitor number {next(looks)}"))) as base:
        account.policy_url = base
        account.save()
        before = factories.published(account)

        read_policy(account)

    account.refresh_from_db()
    assert account.policy_trouble == "Its words are others at each look."
    assert current_notice(account) == before
    assert current_notice(account).policy_hash == ""


def test_page_that_can_not_be_read_is_told_and_leaves_the_version_as_it_is(linked, account, settings):
    before = current_notice(linked("We keep little."))
    settings.LETHE_OUTGOING_NETWORKS = []

    account = linked("We keep everything.")

    assert account.policy_trouble == "It leads to an address that isn't public."
    assert current_notice(account) == before


def test_link_that_was_changed_meanwhile_is_left_alone(linked, account):
    Account.objects.update(policy_url="https://elsewhere.example/")

    linked("We keep little.")

    account.refresh_from_db()
    assert current_notice(account).policy_hash == ""
    assert account.policy_read_at is None


def test_it_is_read_once_a_day(linked, account):
    linked("We keep little.")
    assert read_due_policies() == 0

    with freeze_time(timezone.now() + timedelta(days=1, minutes=1)):
        assert read_due_policies() == 1


def test_other_link_is_read_by_the_next_round(linked, account, manager):
    linked("We keep little.")
    url = account.policy_url + "/new"

    change_account(account=account, by=manager, address=NOWHERE, values={"policy_url": url})

    assert current_notice(account).policy_hash == ""
    assert read_due_policies() == 1
    assert current_notice(account).policy_hash != ""


def test_account_without_a_link_is_not_read(account):
    assert account.policy_url == ""
    assert read_due_policies() == 0
