"""Second ways into the admin, and odd things in its addresses."""

import pytest
from django.test import Client

from helpdesk.models import User
from privacy.models import LedgerEntry, OutboxLine
from tests import factories

LISTS = ["helpdesk/user", "privacy/ledgerentry", "privacy/consentrecord", "privacy/dailycount"]
NO_ACCOUNTS = ["9" * 30, "9" * 5000, "-1", "٣", "²", "1.5", "1 OR 1=1", "\x00", "null"]


@pytest.mark.django_db
def test_admin_has_no_sign_in_of_its_own(operator):
    client, form = Client(), {"username": operator.email, "password": factories.PASSWORD}

    answers = [client.get("/admin/login/?next=/admin/helpdesk/"), client.post("/admin/login/", form)]

    assert [answer.url for answer in answers] == [
        "/sign-in/?next=/admin/helpdesk/",
        "/sign-in/?next=/admin/",
    ]
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_way_round_by_the_admins_login_ends_at_home(operator):
    client = Client()
    wanted = client.get("/admin/login/?next=//evil.example/admin/").url

    response = client.post(wanted, {"username": operator.email, "password": factories.PASSWORD})

    assert response.url == "/admin/"
    actions = {*OutboxLine.objects.values_list("action", flat=True)}
    assert "person.signed_in" in actions | {*LedgerEntry.objects.values_list("action", flat=True)}


@pytest.mark.parametrize("number", NO_ACCOUNTS)
@pytest.mark.parametrize("page", LISTS)
def test_filter_by_what_is_no_account_is_answered(manager_client, agent, page, number):
    response = manager_client.get(f"/admin/{page}/", {"account": number})

    assert response.status_code in {200, 302}


def test_filter_by_a_foreign_account_shows_nothing_of_it(manager_client, agent, stranger):
    response = manager_client.get("/admin/helpdesk/user/", {"account": stranger.account_id})

    assert stranger.email not in response.content.decode()


def test_person_of_two_accounts_managers_is_reached_by_both_and_nobody_else(account, stranger, signed_in):
    both = signed_in(factories.manager(account, stranger.account))
    one = signed_in(factories.manager(account))
    address = f"/admin/helpdesk/user/{stranger.pk}/change/"

    statuses = [both.get(address).status_code, one.get(address).status_code]

    assert statuses == [200, 404]
    form = {"name": "Taken", "email": stranger.email, "role": User.Role.OWNER, "is_active": "on"}
    assert one.post(address, form).status_code == 404
    stranger.refresh_from_db()
    assert (stranger.name, stranger.role) == ("Sam Stranger", User.Role.AGENT)


@pytest.mark.parametrize("role", [User.Role.OPERATOR, User.Role.MANAGER, "admin", ""])
def test_manager_can_make_nobody_staff(manager_client, account, agent, role):
    people = {"name": "Mallory", "email": "mallory@mail.example", "role": role}
    forged = {"is_staff": "on", "is_superuser": "on", "account": account.pk}

    manager_client.post("/admin/helpdesk/user/add/", people | forged | {"new_password": factories.PASSWORD})
    manager_client.post(f"/admin/helpdesk/user/{agent.pk}/change/", people | forged | {"is_active": "on"})

    assert not User.objects.with_email("mallory@mail.example").exists()
    agent.refresh_from_db()
    assert (agent.role, agent.is_staff, agent.is_superuser) == (User.Role.AGENT, False, False)
