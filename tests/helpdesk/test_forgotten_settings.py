"""Settings and allowlists that are newer than the backup come back, or nothing opens."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from helpdesk.client_ip import ClientAddress
from helpdesk.models import Account, User
from helpdesk.permissions import admitted
from helpdesk.services.account_settings import change_account
from helpdesk.services.accounts import open_account
from tests.privacy.restored import backup_in, findings, replayed
from tests.privacy.restored import written_by_an_older_version as older_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_folders")]

HOME = ClientAddress(ip_address("203.0.113.7"), confident=True)
PASSWORD = "marble-otter-lantern-quay"


@pytest.fixture
def backup(tmp_path):
    return backup_in(tmp_path)


@pytest.fixture
def change(account, operator) -> Callable[..., None]:
    def save(networks=None, **values) -> None:
        change_account(account=account, by=operator, address=HOME, values=values, networks=networks)

    return save


def now(account: Account, *names: str) -> list:
    account.refresh_from_db()
    return [getattr(account, name) for name in names]


# --- Settings


def test_settings_come_back_with_their_values(account, change, backup):
    copy = backup()
    change(
        is_active=False, keep_page=True, mask_slips=False, idle_minutes=600, time_zone="Europe/Paris",
        chat_email="required",
    )  # fmt: skip

    replayed(copy)

    names = ("is_active", "keep_page", "mask_slips", "idle_minutes", "time_zone", "chat_email")
    assert now(account, *names) == [False, True, False, 600, "Europe/Paris", "required"]
    assert findings() == [("account.changed", "rebuilt", "", name) for name in sorted(names)]


def test_setting_that_was_changed_twice_comes_back_as_it_was_last(account, change, backup):
    copy = backup()
    change(is_active=False)
    change(is_active=True)

    replayed(copy)

    assert now(account, "is_active") == [True]


def test_words_have_to_be_decided_again(account, change, backup):
    copy = backup()
    change(controller="Bramble Books Ltd, Bath")

    replayed(copy)

    assert now(account, "controller") == [""]
    assert findings() == [("account.changed", "lost", "", "controller")]


def test_settings_of_older_entries_are_closed(account, change, backup):
    account.allowed_origins = "https://shop.example"
    account.save()
    copy = backup()
    with older_version("now."):
        change(keep_page=True, mask_slips=False, allowlist_enabled=False, allowed_origins="https://a.example")

    replayed(copy)

    assert now(account, "keep_page", "mask_slips", "allowed_origins") == [False, True, ""]
    closed = {about for _action, outcome, _category, about in findings() if outcome == "closed"}
    assert closed == {"keep_page", "mask_slips", "allowed_origins"}


def test_account_that_was_switched_off_is_off_whatever_the_entry_says(account, change, backup, agent):
    copy = backup()
    with older_version("now."):
        change(is_active=False)

    replayed(copy)

    assert now(account, "is_active") == [False]
    assert not lets_in(agent)


def test_time_zone_of_older_entries_pauses_the_purge(account, change, backup):
    copy = backup()
    with older_version("now."):
        change(time_zone="Pacific/Auckland", silent_ticket_days=30)

    replayed(copy)

    assert [found[1:] for found in findings()] == [
        ("paused", "", "silent_ticket_days"),
        ("paused", "", "time_zone"),
    ]


def test_site_that_was_taken_off_is_off_and_one_that_was_added_is_to_be_added(account, change, backup):
    account.allowed_origins = "https://a.example\nhttps://b.example"
    account.save()
    copy = backup()
    change(allowed_origins="https://b.example\nhttps://c.example")

    replayed(copy)

    assert now(account, "origins") == [["https://b.example"]]
    assert findings() == [("account.changed", "lost", "", "allowed_origins")]


def test_account_that_the_backup_does_not_have_is_named(account, operator, backup):
    copy = backup()
    newer = open_account(name="Newer", by=operator)
    change_account(account=newer, by=operator, address=HOME, values={"is_active": False})

    replayed(copy)

    assert ("account.opened", "lost", "", f"account.{newer.pk}") in findings(account=None)
    assert not findings(account=account)


# --- The allowlist


@pytest.fixture
def listed(account, change) -> None:
    change([("203.0.113.0/24", "office"), ("198.51.100.0/24", "old office")], allowlist_enabled=True)


def lets_in(person: User) -> bool:
    return admitted(User.objects.get(pk=person.pk), HOME)


def networks_of(account: Account) -> list[str]:
    return sorted(account.allowed_networks.values_list("network", flat=True))


def test_network_that_was_taken_off_is_off(listed, account, change, backup, agent):
    copy = backup()
    change([("203.0.113.0/24", "office")])

    replayed(copy)

    assert networks_of(account) == ["203.0.113.0/24"]
    assert findings() == [("allowlist.changed", "rebuilt", "", "")]
    assert lets_in(agent)


def test_network_that_was_added_is_to_be_added(listed, account, change, backup):
    copy = backup()
    change([("203.0.113.0/24", "office"), ("192.0.2.0/24", "new office")])

    replayed(copy)

    assert networks_of(account) == ["203.0.113.0/24"]
    assert findings() == [("allowlist.changed", "lost", "", "")]


def test_list_that_was_switched_on_lets_only_in_whom_it_names(account, change, backup, agent):
    copy = backup()
    change([("198.51.100.0/24", "office")], allowlist_enabled=True)

    replayed(copy)

    assert (now(account, "allowlist_enabled"), networks_of(account)) == ([True], [])
    assert not lets_in(agent)


def test_list_of_which_an_older_entry_says_too_little_lets_nobody_in(listed, account, change, backup, agent):
    copy = backup()
    with older_version("lines"):
        change([("198.51.100.0/24", "old office")])

    replayed(copy)

    assert networks_of(account) == []
    assert findings() == [("allowlist.changed", "closed", "", "")]
    assert not lets_in(agent)
