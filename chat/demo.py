"""The accounts and people of the demo, made once; what depends on the port follows it at every start."""

import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from helpdesk.models import Account, User
from helpdesk.services.accounts import open_account
from helpdesk.services.people import add_person, change_password
from privacy.services.people.notices import publish_notice

DEMO_ID = "demo"
OTHER_ID = "demo-other"
# Without terms: these words stay as they are when the manager changes how long things are kept.
NOTICE = (
    "I agree that Moss & Kettle keeps what I write here, with the contact details that I give, to answer me. "
    "I can withdraw my consent at any time."
)


class Person(NamedTuple):
    """Somebody of the demo; ``account`` is the public id of where they work."""

    role: str
    user_role: str
    email: str
    name: str
    account: str = ""


PEOPLE = [
    Person("operator", User.Role.OPERATOR, "operator@lethe.example", "Olga Operator"),
    Person("manager", User.Role.MANAGER, "manager@lethe.example", "Max Manager"),
    Person("owner", User.Role.OWNER, "owner@mosskettle.example", "Mina Moss", DEMO_ID),
    Person("supervisor", User.Role.SUPERVISOR, "supervisor@mosskettle.example", "Sol Kettle", DEMO_ID),
    Person("agent", User.Role.AGENT, "agent@mosskettle.example", "Robin", DEMO_ID),
    Person("other_agent", User.Role.AGENT, "agent@paperplane.example", "Piet", OTHER_ID),
]


def seed_demo() -> list[dict[str, str]]:
    """Make what is missing of the demo and return its logins; a second run changes no password."""
    path = settings.LETHE_DATA_DIR / "demo-logins.json"
    passwords = _kept_passwords(path)
    with transaction.atomic():
        accounts = {DEMO_ID: _shop(), OTHER_ID: _other_account()}
        logins = [_login(person, accounts, passwords) for person in PEOPLE]
        _give_owner(accounts[DEMO_ID])
    _write(path, logins)
    return logins


def _shop() -> Account:
    origin = settings.LETHE_DEMO_ORIGIN
    addresses = {"allowed_origins": origin, "policy_url": f"{origin}/demo/privacy/"}
    account = Account.objects.filter(public_id=DEMO_ID).first() or open_account(
        name="Moss & Kettle",
        public_id=DEMO_ID,
        controller="Moss & Kettle Ltd (invented), 3 Fern Lane, Teaville",
        privacy_contact="privacy@mosskettle.example",
        chat_question=Account.Field.REQUIRED,
        notice=NOTICE,
        **addresses,
    )
    for name, value in addresses.items():
        setattr(account, name, value)
    account.save(update_fields=list(addresses))
    publish_notice(account=account)
    return account


def _other_account() -> Account:
    account = Account.objects.filter(public_id=OTHER_ID).first()
    return account or open_account(name="Paper Plane Books", public_id=OTHER_ID)


def _login(person: Person, accounts: dict[str, Account], passwords: dict[str, str]) -> dict[str, str]:
    user = User.objects.with_email(person.email).first()
    password = passwords.get(person.email) or secrets.token_urlsafe(12)
    if user is None:
        add_person(
            account=accounts.get(person.account),
            email=person.email,
            name=person.name,
            role=person.user_role,
            password=password,
            by=None,
            manages=[accounts[DEMO_ID]] if person.user_role == User.Role.MANAGER else (),
        )
    elif person.email not in passwords:
        change_password(person=user, password=password, by=user)
    url = f"{settings.LETHE_BASE_URL}/sign-in/"
    return {"role": person.role, "email": person.email, "password": password, "url": url}


def _give_owner(account: Account) -> None:
    if account.owner_id is None:
        account.owner = account.people.get(role=User.Role.OWNER)
        account.save(update_fields=["owner"])


def _kept_passwords(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return {login["email"]: login["password"] for login in json.loads(path.read_text())}


def _write(path: Path, logins: list[dict[str, str]]) -> None:
    """Write for the owner's eyes only, and never half a file."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(logins, file, indent=2)
        file.write("\n")
    new.replace(path)
