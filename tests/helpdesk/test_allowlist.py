from ipaddress import ip_address, ip_network

import pytest
from django.core.exceptions import ValidationError

from helpdesk.admin.networks import NetworkForm
from helpdesk.allowlist import is_allowed, would_lock_out
from helpdesk.client_ip import NOWHERE, ClientAddress
from helpdesk.models import AllowedNetwork, User
from helpdesk.models.accounts import validate_network
from helpdesk.permissions import accounts_open_to, admitted
from tests import factories

OFFICE, HOME = "203.0.113.7", "198.51.100.1"


def certain(address: str) -> ClientAddress:
    return ClientAddress(ip_address(address), True)


@pytest.fixture
def fenced(db):
    """An account whose people work from one office only."""
    return factories.account(name="Fenced Fruit", networks=("203.0.113.0/24", "2001:db8::/32"))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (certain(OFFICE), True),
        (certain("203.0.113.0"), True),
        (certain("2001:db8:1::7"), True),
        (certain(HOME), False),
        (certain("203.0.114.1"), False),
        (certain("2001:db9::7"), False),
        (ClientAddress(ip_address(OFFICE), False), False),
        (NOWHERE, False),
    ],
)
def test_is_allowed_from_the_networks_only(fenced, address, allowed):
    assert is_allowed(fenced, address) is allowed


def test_is_allowed_from_everywhere_without_a_list(account):
    AllowedNetwork.objects.create(account=account, network="203.0.113.0/24")

    assert is_allowed(account, certain(HOME)) is True
    assert is_allowed(account, NOWHERE) is True


def test_is_allowed_from_nowhere_by_an_empty_list(fenced):
    fenced.allowed_networks.all().delete()

    assert is_allowed(fenced, certain(OFFICE)) is False


def test_is_allowed_at_once_after_a_change(fenced):
    before = is_allowed(fenced, certain(HOME))
    AllowedNetwork.objects.create(account=fenced, network=HOME)

    assert (before, is_allowed(fenced, certain(HOME))) == (False, True)


@pytest.mark.parametrize(
    ("networks", "address", "locked_out"),
    [
        ([], certain(OFFICE), True),
        (["203.0.113.0/24"], certain(OFFICE), False),
        (["203.0.113.7"], certain(OFFICE), False),
        (["198.51.100.0/24"], certain(OFFICE), True),
        (["198.51.100.0/24", "203.0.113.0/24", "203.0.113.0/28"], certain(OFFICE), False),
        (["::ffff:203.0.113.0/120"], certain(OFFICE), False),
        (["::ffff:203.0.113.7"], certain(OFFICE), False),
        (["2001:db8::/32"], certain(OFFICE), True),
        (["203.0.113.0/24"], ClientAddress(ip_address(OFFICE), False), True),
        (["203.0.113.0/24"], NOWHERE, True),
    ],
)
def test_would_lock_out(networks, address, locked_out):
    assert would_lock_out(networks, address) is locked_out


@pytest.mark.parametrize("text", ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "2001:db8::7"])
def test_network_is_accepted(account, text):
    AllowedNetwork(account=account, network=text).full_clean()

    assert not would_lock_out([text], certain(str(ip_network(text)[0])))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "office",
        "203.0.113.7/24",
        "203.0.113.0/33",
        "203.0.113.007",
        "203.0.113",
        "٢٠٣.0.113.7",
        "fe80::1%eth0",
        "203.0.113.0/24, 198.51.100.0/24",
        "0.0.0.0/0",
        "::/0",
        "::ffff:0.0.0.0/96",
    ],
)
def test_network_is_refused(text):
    with pytest.raises(ValidationError):
        validate_network(text)


def test_admitted_by_the_list_of_the_own_account(fenced):
    inside = factories.user(account=fenced)

    assert admitted(inside, certain(OFFICE)) is True
    assert admitted(inside, certain(HOME)) is False


def test_admitted_whatever_another_account_lists(fenced, agent):
    assert admitted(agent, certain(HOME)) is True


def test_admitted_unless_switched_off(agent, account):
    agent.is_active = False
    person_off = admitted(agent, certain(HOME))
    agent.is_active = account.is_active = True
    agent.account.is_active = False

    assert (person_off, admitted(agent, certain(HOME))) == (False, False)


def test_operator_is_admitted_from_everywhere(fenced, operator):
    assert admitted(operator, certain(HOME)) is True
    assert set(accounts_open_to(operator, certain(HOME))) == {fenced}


def test_manager_reaches_only_the_accounts_that_are_open_to_the_address(fenced, account, other_account):
    manager = factories.manager(fenced, account)

    assert set(accounts_open_to(manager, certain(OFFICE))) == {fenced, account}
    assert set(accounts_open_to(manager, certain(HOME))) == {account}
    assert admitted(manager, certain(HOME)) is True


def test_manager_is_not_admitted_where_no_account_is_open(fenced):
    manager = factories.manager(fenced)

    assert admitted(manager, certain(OFFICE)) is True
    assert admitted(manager, certain(HOME)) is False
    assert list(accounts_open_to(manager, certain(HOME))) == []


def test_manager_without_accounts_is_admitted_and_reaches_none(fenced):
    manager = factories.manager()

    assert admitted(manager, certain(HOME)) is True
    assert list(accounts_open_to(manager, certain(HOME))) == []


@pytest.fixture
def fenced_client(fenced, signed_in):
    return signed_in(factories.user(User.Role.AGENT, account=fenced, name="Fay Fenced"), REMOTE_ADDR=OFFICE)


def test_page_is_served_from_inside(fenced_client):
    response = fenced_client.get("/password/")

    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("method", ["get", "post"])
def test_page_is_refused_from_outside(fenced_client, method, headers):
    response = getattr(fenced_client, method)("/password/", REMOTE_ADDR=HOME, headers=headers)

    assert response.status_code == 403
    page = response.content.decode()
    assert "Not from here" in page
    assert len(response.context["reference"]) == 8
    assert response.context["reference"] in page
    assert [word for word in ("Fenced Fruit", "Fay Fenced", "203.0.113", HOME) if word in page] == []


def test_json_is_refused_from_outside(fenced_client):
    response = fenced_client.get("/password/", REMOTE_ADDR=HOME, headers={"Accept": "application/json"})

    assert response.status_code == 403
    assert response.json()["error"] == "outside_allowlist"


def test_refusal_is_logged_by_reference_and_without_the_address(fenced_client, caplog):
    response = fenced_client.get("/password/", REMOTE_ADDR=HOME)

    lines = [record.getMessage() for record in caplog.records if record.name == "helpdesk.middleware"]
    assert len(lines) == 1
    assert response.context["reference"] in lines[0]
    assert HOME not in lines[0]


def test_session_that_moves_outside_is_refused_and_works_again_inside(fenced_client):
    statuses = [fenced_client.get("/password/", REMOTE_ADDR=at).status_code for at in (OFFICE, HOME, OFFICE)]

    assert statuses == [200, 403, 200]


def test_claimed_address_opens_nothing(fenced_client):
    response = fenced_client.get("/password/", REMOTE_ADDR=HOME, HTTP_X_FORWARDED_FOR=OFFICE)

    assert response.status_code == 403


def test_sign_out_works_from_outside(fenced_client):
    response = fenced_client.post("/sign-out/", REMOTE_ADDR=HOME)

    assert response.status_code == 302
    assert response.url == "/sign-in/"
    assert "_auth_user_id" not in fenced_client.session


def test_health_and_sign_in_are_for_everybody(fenced_client):
    assert fenced_client.get("/healthz", REMOTE_ADDR=HOME).status_code == 200
    assert fenced_client.get("/sign-in/", REMOTE_ADDR=HOME).status_code == 302


@pytest.mark.parametrize("path", ["/chat/{}/", "/tickets/new/{}/", "/privacy/{}/", "/embed/{}.js"])
def test_pages_of_visitors_are_never_subject_to_it(fenced, fenced_client, path):
    response = fenced_client.get(path.format(fenced.public_id), REMOTE_ADDR=HOME)

    assert response.status_code == 200


def test_list_costs_one_query_only_where_it_is_on(fenced_client, agent_client, django_assert_num_queries):
    # Session and person with account; where the list is on, its networks; the vault's key of the name shown.
    with django_assert_num_queries(3):
        fenced_client.get("/password/", REMOTE_ADDR=HOME)
    with django_assert_num_queries(2):
        agent_client.get("/password/", REMOTE_ADDR=HOME)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
    ],
)
def test_network_is_stored_in_one_spelling(account, typed, stored):
    form = NetworkForm({"network": typed}, instance=AllowedNetwork(account=account))

    assert form.is_valid()
    assert form.cleaned_data["network"] == stored


def test_note_with_a_character_that_cannot_be_shown_is_refused_once(account):
    form = NetworkForm({"network": "203.0.113.7", "note": "\x00"}, instance=AllowedNetwork(account=account))

    assert form.errors == {"note": ["This text has characters that can't be shown. Please type it again."]}
