import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from helpdesk.models import User
from helpdesk.services.people import (
    AddressTaken,
    add_person,
    change_password,
    change_role,
    deactivate_person,
    end_sessions,
    reactivate_person,
)
from privacy import ledger
from privacy.models import DataKey, OutboxLine
from tests.factories import PASSWORD

NEW_PASSWORD = "a-new-calm-river"


def add(**values):
    given = {
        "email": "new@staff.example",
        "name": "Nina New",
        "role": "agent",
        "password": PASSWORD,
        "by": None,
    }
    return add_person(**{**given, **values})


def evidence(action) -> list[dict]:
    return [line.params for line in OutboxLine.objects.filter(action=action)]


def test_add_person_makes_somebody_of_the_account(account, manager):
    person = add(account=account, by=manager)

    stored = User.objects.get(pk=person.pk)
    assert (stored.email, stored.name, stored.role, stored.account) == (
        "new@staff.example",
        "Nina New",
        "agent",
        account,
    )
    assert stored.check_password(PASSWORD)
    assert (stored.is_staff, stored.is_superuser) == (False, False)


def test_add_person_leaves_evidence_without_who_they_are(account, manager):
    person = add(account=account, by=manager)

    assert evidence("person.added") == [
        {"person": ledger.reference(person), "who": ledger.reference(manager), "role": "agent", "manages": []}
    ]


def test_add_person_makes_a_manager_of_several_accounts(account, other_account, operator):
    person = add(account=None, role="manager", by=operator, manages=[account, other_account])

    assert set(person.managed_accounts.all()) == {account, other_account}
    assert (person.is_staff, person.is_superuser) == (True, False)


@pytest.mark.parametrize("email", ["new@staff.example", "NEW@Staff.Example"])
def test_add_person_refuses_an_address_twice_in_the_whole_deployment(account, other_account, email):
    add(account=other_account)

    with pytest.raises(AddressTaken):
        add(account=account, email=email)

    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "new@staff.example, other@staff.example"),
        ("email", "new\r\n@staff.example"),
        ("name", "Nina\nNew"),
        ("password", "short"),
        ("password", "qwerty123456"),
        ("password", "new@staff.example"),
    ],
)
def test_add_person_names_the_field_that_will_not_do(account, field, value):
    keys = DataKey.objects.count()

    with pytest.raises(ValidationError) as refusal:
        add(account=account, **{field: value})

    assert list(refusal.value.message_dict) == [field]
    assert (User.objects.count(), DataKey.objects.filter(kind="user").count()) == (0, 0)
    assert DataKey.objects.count() >= keys


@pytest.mark.parametrize("role", ["agent", "owner"])
def test_agents_without_an_account_can_not_exist(db, role):
    with pytest.raises(IntegrityError):
        add(account=None, role=role)


def test_change_role_within_the_account(agent, manager):
    change_role(person=agent, role="supervisor", by=manager)

    agent.refresh_from_db()
    assert agent.role == "supervisor"
    assert [(line["before"], line["after"]) for line in evidence("person.role_changed")] == [
        ("agent", "supervisor")
    ]


@pytest.mark.parametrize("role", ["manager", "operator", "nobody"])
def test_change_role_never_leads_out_of_the_account(agent, manager, role):
    with pytest.raises(ValidationError):
        change_role(person=agent, role=role, by=manager)

    agent.refresh_from_db()
    assert agent.role == "agent"


def test_change_role_of_a_manager_is_refused(manager, operator):
    with pytest.raises(ValidationError):
        change_role(person=manager, role="agent", by=operator)


def test_change_password_ends_every_session(agent, teammate, manager, signed_in):
    browsers, other = [signed_in(agent), signed_in(agent)], signed_in(teammate)

    change_password(person=agent, password=NEW_PASSWORD, by=manager)

    agent.refresh_from_db()
    assert agent.check_password(NEW_PASSWORD)
    assert [browser.get("/password/").status_code for browser in browsers] == [302, 302]
    assert other.get("/password/").status_code == 200
    assert evidence("person.password_changed") == [
        {"person": ledger.reference(agent), "who": ledger.reference(manager)}
    ]


def test_change_password_refuses_a_weak_one(agent, manager):
    with pytest.raises(ValidationError):
        change_password(person=agent, password="short", by=manager)

    agent.refresh_from_db()
    assert agent.check_password(PASSWORD)


def test_deactivated_person_is_signed_out_at_once(agent, manager, signed_in):
    browser = signed_in(agent)

    deactivate_person(person=agent, by=manager)

    assert browser.get("/password/").status_code == 302
    assert Session.objects.count() == 0
    assert len(evidence("person.deactivated")) == 1


def test_reactivated_person_signs_in_again_and_old_sessions_stay_ended(agent, manager, signed_in, client):
    browser = signed_in(agent)
    deactivate_person(person=agent, by=manager)

    reactivate_person(person=agent, by=manager)

    assert browser.get("/password/").status_code == 302
    response = client.post("/sign-in/", {"username": agent.email, "password": PASSWORD})
    assert response.status_code == 302


def test_nobody_switches_themselves_off(manager):
    with pytest.raises(ValidationError):
        deactivate_person(person=manager, by=manager)

    manager.refresh_from_db()
    assert manager.is_active


def test_end_sessions_keeps_the_one_that_is_named(agent, teammate, signed_in):
    here, elsewhere, other = signed_in(agent), signed_in(agent), signed_in(teammate)

    ended = end_sessions(person=agent, keep=here.session.session_key)

    assert ended == 1
    assert [browser.get("/password/").status_code for browser in (here, elsewhere, other)] == [200, 302, 200]
