"""Passwords that others would guess are refused, in words that help to find a better one."""

import secrets

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from helpdesk.models import User
from tests import factories

pytestmark = pytest.mark.django_db

PERSONAL = "it is made mostly of a name, an address or a word that others know"
REPEATED = "it says the same again and again"
IN_A_ROW = "its letters follow each other in the alphabet or on the keyboard"
POPULAR = "it is close to what many people choose"
GUESSABLE = [
    ("NinaNeuNinaNeu", PERSONAL),
    ("nina-neu-nina", PERSONAL),
    ("Nina1987Neu!", PERSONAL),
    ("n.neu.n.neu.1", PERSONAL),
    ("brambleBooks2026", PERSONAL),
    ("Müller-Mueller", PERSONAL),
    ("lethelethelethe", PERSONAL),
    ("helpdesk1234", PERSONAL),
    ("aaaaaaaaaaaa", REPEATED),
    ("passwordpassword", REPEATED),
    ("abcabcabcabc", REPEATED),
    ("abcdefghijkl", IN_A_ROW),
    ("zyxwvutsrqpon", IN_A_ROW),
    ("qwertyuiopas", POPULAR),
    ("qwertzuiopasd", IN_A_ROW),
    ("azertyuiopqs", POPULAR),
    ("iloveyou1234", POPULAR),
    ("Summer2024!!!", POPULAR),
    ("Winter2025Winter", POPULAR),
    ("correcthorsebatterystaple", PERSONAL),
    ("Correct-Horse Battery_Staple", PERSONAL),
    ("admin@admin.com", PERSONAL),
    ("n.neu@mueller.example", PERSONAL),
]


@pytest.fixture
def nina(account) -> User:
    return User(name="Nina Neu-Müller", email="n.neu@mueller.example", account=account)


def refusals(password: str, person: User | None) -> list[str]:
    try:
        validate_password(password, person)
    except ValidationError as error:
        return error.messages
    return []


@pytest.mark.parametrize(("password", "why"), GUESSABLE)
def test_password_that_others_would_guess_is_refused_with_its_reason(nina, password, why):
    says = (
        f"Others could guess this password: {why}. "
        "Better are four words that have nothing to do with each other."
    )

    assert refusals(password, nina) == [says]


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "too short"),
        ("password1234", "too common"),
        ("193847561029", "entirely numeric"),
    ],
)
def test_what_django_refuses_is_said_once(nina, password, says):
    messages = refusals(password, nina)

    assert len(messages) == 1
    assert says in messages[0]


@pytest.mark.parametrize(
    "password",
    [
        "another-calm-river",
        "tuesday lamp orbit",
        "tuesdaylamporbit",
        "horse anchor staple noon",
        "x7Kp-mQ2z-Lw9r",
        "Nina's heron sails at noon",
        "Fluß übermüdet Zwieback",
        "река лампа вторник",
        "静かな川の朝に歩いていく人",
        "x7Kp-mQ2z-" * 100,
        "EAgLDRqUNG0iN-eM",  # the letters of Nina's name, by chance
    ],
)
def test_password_that_nobody_would_guess_is_taken(nina, password):
    assert refusals(password, nina) == []


def test_passwords_that_a_machine_makes_are_taken(nina):
    assert [made for made in (secrets.token_urlsafe(12) for _ in range(200)) if refusals(made, nina)] == []


def test_password_is_judged_without_a_person_too():
    assert len(refusals("helpdesk1234", None)) == 1


def test_guessable_password_is_refused_beside_its_field_in_the_admin(manager_client, account):
    given = {"account": account.pk, "name": "Nina Neu", "email": "nina@staff.example", "role": "agent"}

    answer = manager_client.post(
        reverse("admin:helpdesk_user_add"), given | {"new_password": "bramble-books-1"}
    )

    errors = answer.context["adminform"].form.errors
    assert list(errors) == ["new_password"]
    assert PERSONAL in errors["new_password"][0]
    assert not User.objects.with_email("nina@staff.example").exists()


def test_guessable_password_is_refused_beside_its_field_when_it_is_changed(account, signed_in):
    person = factories.user(account=account, name="Nina Neu")

    answer = signed_in(person).post(
        reverse("password_change"),
        {
            "old_password": factories.PASSWORD,
            "new_password1": "NinaBramble7",
            "new_password2": "NinaBramble7",
        },
    )

    errors = answer.context["form"].errors
    assert list(errors) == ["new_password2"]
    assert PERSONAL in errors["new_password2"][0]
