"""The cast of the tests: two accounts, the people of one of them, and a stranger from the other."""

import time
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import CommandError
from django.core.management.commands import flush
from django.db import connections, router
from django.test import Client
from hypothesis import settings

from helpdesk.models import Account, Contact, User
from privacy.gate import gate
from tests import factories

# The same examples at every run; look further with --hypothesis-profile=thorough.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("thorough", deadline=None, max_examples=5000)
settings.load_profile("ci")

plans = import_module("privacy.migrations.0006_plans")


@pytest.fixture(scope="session", autouse=True)
def _patient_flush():
    """Empty the tables again where a web process of a test was in the middle of a request.

    PostgreSQL then ends one of the two for a deadlock, and what it ends must not be the test.
    """
    emptied = flush.Command.handle

    def handle(self, **options):
        types = ContentType.objects.using(options["database"])
        known = list(types) if router.allow_migrate_model(options["database"], ContentType) else []
        options["inhibit_post_migrate"] = True  # made anew at each test, they would take longer than most
        for _attempt in range(4):
            try:
                emptied(self, **options)
                break
            except CommandError:
                time.sleep(0.5)
        else:
            emptied(self, **options)
        # What the migrations had put there belongs to every deployment.
        types.bulk_create(known)
        plans.make_plans(apps, connections[options["database"]].schema_editor())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield


@pytest.fixture(autouse=True)
def _empty_cache():
    """Let no test see what another one cached."""
    cache.clear()


@pytest.fixture(autouse=True)
def _open_gate(monkeypatch):
    """Keep the gate open, except for its own tests: how long a test takes must not change its queries."""
    monkeypatch.setattr(gate, "_open_until", float("inf"))


@pytest.fixture
def account(db) -> Account:
    return factories.account(name="Bramble Books")


@pytest.fixture
def other_account(db) -> Account:
    return factories.account(name="Other Oats")


@pytest.fixture
def operator(db) -> User:
    return factories.user(User.Role.OPERATOR)


@pytest.fixture
def manager(account) -> User:
    """The account manager of ``account``, and of no other."""
    return factories.manager(account)


@pytest.fixture
def owner(account) -> User:
    owner = factories.user(User.Role.OWNER, account=account)
    account.owner = owner
    account.save(update_fields=["owner"])
    return owner


@pytest.fixture
def supervisor(account) -> User:
    return factories.user(User.Role.SUPERVISOR, account=account)


@pytest.fixture
def agent(account) -> User:
    return factories.user(User.Role.AGENT, account=account, name="Ada Agent")


@pytest.fixture
def teammate(account) -> User:
    return factories.user(User.Role.AGENT, account=account, name="Tom Teammate")


@pytest.fixture
def stranger(other_account) -> User:
    """An agent of the other account: everything of ``account`` is 404 to them."""
    return factories.user(User.Role.AGENT, account=other_account, name="Sam Stranger")


@pytest.fixture
def visitor(account) -> Contact:
    """A contact of ``account``; visitors never sign in."""
    return factories.contact(account, name="Vera Visitor", email="vera@mail.example")


@pytest.fixture
def signed_in(db):
    """Return a function that makes a browser in which somebody is signed in."""

    def sign_in(user: User, **options) -> Client:
        client = Client(**options)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def agent_client(agent, signed_in) -> Client:
    return signed_in(agent)


@pytest.fixture
def teammate_client(teammate, signed_in) -> Client:
    return signed_in(teammate)


@pytest.fixture
def supervisor_client(supervisor, signed_in) -> Client:
    return signed_in(supervisor)


@pytest.fixture
def owner_client(owner, signed_in) -> Client:
    return signed_in(owner)


@pytest.fixture
def manager_client(manager, signed_in) -> Client:
    return signed_in(manager)


@pytest.fixture
def operator_client(operator, signed_in) -> Client:
    return signed_in(operator)


@pytest.fixture
def stranger_client(stranger, signed_in) -> Client:
    return signed_in(stranger)
