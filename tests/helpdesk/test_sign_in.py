import json

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from helpdesk import authentication
from helpdesk.authentication import EmailBackend
from helpdesk.models import User
from privacy import ledger
from privacy.models import OutboxLine
from tests import factories
from tests.factories import PASSWORD

WRONG = "another-river-of-tests"
pytestmark = pytest.mark.django_db

MISMATCH = "This e-mail address and password don't belong together. Please try again."


def sign_in(client, email, password=PASSWORD, **values):
    return client.post("/sign-in/", {"username": email, "password": password, **values})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("agent", "/agent/"),
        ("supervisor", "/agent/"),
        ("owner", "/agent/"),
        ("manager", "/admin/"),
        ("operator", "/admin/"),
    ],
)
def test_sign_in_leads_home(request, client, role, home):
    person = request.getfixturevalue(role)

    response = sign_in(client, person.email)

    assert (response.status_code, response.url) == (302, home)
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize(
    "typed", ["ada@staff.example", "ADA@Staff.Example", " ada@staff.example ", "\uff41da@staff.example"]
)
def test_sign_in_finds_every_spelling_of_an_address(client, account, typed):
    factories.user(account=account, email="Ada@staff.example")

    sign_in(client, typed)

    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody@staff.example", PASSWORD),
        ("ada@staff.example", WRONG),
        ("ada@staff.example", PASSWORD.upper()),
        ("ada@staff.example", f"{PASSWORD} "),
    ],
)
def test_sign_in_refuses_without_saying_which_part_was_wrong(client, account, email, password):
    factories.user(account=account, email="ada@staff.example")

    response = sign_in(client, email, password)

    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [MISMATCH]
    assert not is_signed_in(client)


def test_sign_in_refuses_people_who_are_switched_off(client, agent, teammate, account):
    User.objects.filter(pk=teammate.pk).update(is_active=False)
    person_off = sign_in(client, teammate.email)
    account.is_active = False
    account.save()
    account_off = sign_in(client, agent.email)

    for response in (person_off, account_off):
        assert response.context["form"].non_field_errors() == [MISMATCH]
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", ""),
        ("ada@staff.example", ""),
        ("a" * 255, PASSWORD),
        ("a" * 500_000, PASSWORD),
        ("ada@staff.example", "p" * 500_000),
        ("ada\x00@staff.example", PASSWORD),
        ("ada@staff.example", f"{PASSWORD}\x00"),
        ("ada\r\n@staff.example", PASSWORD),
    ],
)
def test_sign_in_explains_input_that_can_be_nobodys(client, agent, email, password):
    response = sign_in(client, email, password)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not is_signed_in(client)


@pytest.mark.parametrize("content", ["{}", '{"username": ["a"]}', "[", "\x00", '{"username": "\\ud800"}'])
def test_sign_in_answers_json_with_the_form(client, agent, content):
    response = client.post("/sign-in/", content, content_type="application/json")

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"username", "password"}


@pytest.mark.parametrize("surrogate", ["\ud800", "ada\udfff@staff.example"])
def test_backend_refuses_half_characters_before_the_database(django_assert_num_queries, surrogate):
    with django_assert_num_queries(0):
        found = [
            EmailBackend().authenticate(None, username=surrogate, password=PASSWORD),
            EmailBackend().authenticate(None, username="ada@staff.example", password=surrogate),
            EmailBackend().authenticate(None, username="a" * 255, password=PASSWORD),
            EmailBackend().authenticate(None, username=["ada@staff.example"], password=PASSWORD),
            EmailBackend().authenticate(None, username=None, password=None),
        ]

    assert found == [None] * 5


def test_backend_takes_the_address_by_either_name(agent):
    request = RequestFactory().post("/sign-in/")

    assert authenticate(request, email=agent.email, password=PASSWORD) == agent
    assert authenticate(request, username=agent.email, password=PASSWORD) == agent


def test_backend_hashes_once_for_known_and_unknown_people(agent, monkeypatch):
    hashed = []
    monkeypatch.setattr(authentication, "make_password", hashed.append)

    EmailBackend().authenticate(None, username="nobody@staff.example", password=WRONG)
    EmailBackend().authenticate(None, username=agent.email, password=WRONG)

    assert hashed == [WRONG]  # the known person's password was compared with theirs instead


def test_sign_in_gives_the_session_a_new_name(client, agent):
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["lethe_session"] = planted

    sign_in(client, agent.email)

    assert client.session.session_key != planted
    assert not Session.objects.filter(pk=planted).exists()


@pytest.mark.parametrize("role", ["agent", "owner", "manager", "operator"])
def test_sign_in_leaves_evidence_under_a_pseudonym(client, role, request):
    person = request.getfixturevalue(role)

    sign_in(client, person.email)

    line = OutboxLine.objects.get(action="person.signed_in")
    assert line.account_id == person.account_id
    assert line.params == {"person": ledger.reference(person), "who": ""}


@pytest.mark.parametrize(
    ("role", "wanted", "arrives"),
    [
        ("agent", "/agent/tickets/?status=closed", "/agent/tickets/?status=closed"),
        ("manager", "/admin/helpdesk/account/", "/admin/helpdesk/account/"),
        ("agent", "/password/", "/password/"),
        ("agent", "/admin/helpdesk/account/", "/agent/"),
        ("manager", "/agent/chats/", "/admin/"),
        ("agent", "", "/agent/"),
        ("agent", "https://evil.example/", "/agent/"),
        ("agent", "//evil.example/", "/agent/"),
        ("agent", "///evil.example/", "/agent/"),
        ("agent", "/\\evil.example", "/agent/"),
        ("agent", "\\\\evil.example", "/agent/"),
        ("agent", "https:evil.example", "/agent/"),
        ("agent", "http://testserver@evil.example/", "/agent/"),
        ("agent", "/\t/evil.example/", "/agent/"),
        ("agent", "\x00/agent/", "/agent/"),
        ("agent", "javascript:alert(1)", "/agent/"),
        ("agent", "http://testserver/password/", "/agent/"),
    ],
)
@pytest.mark.parametrize("by", ["query", "form"])
def test_sign_in_leads_to_pages_of_ours_only(request, client, role, wanted, arrives, by):
    person = request.getfixturevalue(role)
    posted = {"username": person.email, "password": PASSWORD}

    if by == "query":
        response = client.post("/sign-in/", posted, query_params={"next": wanted})
    else:
        response = client.post("/sign-in/", {**posted, "next": wanted})

    assert (response.status_code, response.url) == (302, arrives)


def test_sign_in_page_sends_signed_in_people_home(agent_client):
    response = agent_client.get("/sign-in/", {"next": "/admin/"})

    assert response.url == "/agent/"


def test_sign_in_page_is_never_cached_and_has_its_names(client, db):
    response = client.get("/sign-in/")

    page = response.content.decode()
    assert "no-store" in response["Cache-Control"]
    for part in ('for="id_username">Email<', 'for="id_password">Password<', ">Sign in</button>"):
        assert page.count(part) == 1
    assert 'autocomplete="current-password"' in page


def test_sign_in_needs_a_token_against_forgery(agent):
    response = sign_in(Client(enforce_csrf_checks=True), agent.email)

    assert response.status_code == 403


def test_sign_out_by_post_only(agent_client):
    got = agent_client.get("/sign-out/")
    still_in = is_signed_in(agent_client)
    posted = agent_client.post("/sign-out/")

    assert (got.status_code, still_in) == (405, True)
    assert (posted.url, is_signed_in(agent_client)) == ("/sign-in/", False)


def test_session_ends_when_the_person_is_switched_off(agent_client, agent):
    User.objects.filter(pk=agent.pk).update(is_active=False)

    response = agent_client.get("/password/")

    assert response.url == "/sign-in/?next=/password/"
    assert not is_signed_in(agent_client)


def test_session_ends_when_the_account_is_switched_off(agent_client, manager_client, account):
    account.is_active = False
    account.save()

    response = agent_client.get("/password/")

    assert response.url == "/sign-in/?next=/password/"
    assert manager_client.get("/password/").status_code == 200


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(client, db):
    response = client.get("/agent/chats/", headers={"HX-Request": "true"})

    assert response["HX-Redirect"] == "/sign-in/"


def change_password(client, new, old=PASSWORD, again=None):
    return client.post(
        "/password/", {"old_password": old, "new_password1": new, "new_password2": again or new}
    )


def test_password_change_ends_other_sessions_only(agent, signed_in):
    here, elsewhere = signed_in(agent), signed_in(agent)

    response = change_password(here, "a-new-calm-river")

    assert response.url == "/agent/"
    assert here.get("/password/").status_code == 200
    assert elsewhere.get("/password/").status_code == 302
    assert sign_in(Client(), agent.email, "a-new-calm-river").status_code == 302
    assert sign_in(Client(), agent.email).status_code == 200


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        ("too-short-1", "too short"),
        ("qwerty123456", "too common"),
        ("123456789012345", "entirely numeric"),
        ("ada.lovelace.staff", "Others could guess"),
        ("Countess King", "Others could guess"),
    ],
)
def test_password_change_refuses_weak_passwords(account, signed_in, new, refusal):
    person = factories.user(account=account, email="ada.lovelace@staff.example", name="Countess King")

    response = change_password(signed_in(person), new)

    assert refusal in " ".join(response.context["form"].errors["new_password2"])
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_password_change_asks_for_the_old_one(agent_client, agent):
    response = change_password(agent_client, "a-new-calm-river", old=WRONG)

    assert list(response.context["form"].errors) == ["old_password"]


def test_password_page_of_a_manager_is_framed_for_them(manager_client):
    response = manager_client.get("/password/")

    page = response.content.decode()
    assert page.count("<h1>Change password</h1>") == 1
    assert "/agent/chats/" not in page


def test_sessions_hold_no_personal_data(client, agent):
    sign_in(client, agent.email)

    kept = json.dumps(Session.objects.get().get_decoded())

    assert agent.email not in kept
    assert agent.name not in kept
