"""A web process on the tests' databases, and people who watch it."""

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from chat.services.conversations import StartedChat, start_chat
from helpdesk.models import Account, User
from privacy.models import ConsentNotice
from privacy.services.people.consent import Given
from tests.chat.web_process import WebProcess
from tests.helpdesk.conftest import own_folders  # noqa: F401


@pytest.fixture(scope="module")
def shared_web(django_db_setup, django_db_blocker):
    """A web process that the tests of a module share."""
    with django_db_blocker.unblock():
        process = WebProcess()
    yield process
    process.stop()


@pytest.fixture
def web(shared_web, transactional_db):
    """The shared web process, with no stream left open by another test."""
    yield shared_web
    shared_web.close_streams()


@pytest.fixture
def session_of(transactional_db):
    """Return a function that signs somebody in and returns their session."""

    def sign_in(user: User, **values) -> SessionStore:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "helpdesk.authentication.EmailBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.update(values)
        session.create()
        return session

    return sign_in


@pytest.fixture
def cookie_of(session_of):
    """Return a function that signs somebody in and returns their cookie."""

    def sign_in(user: User) -> str:
        return f"{settings.SESSION_COOKIE_NAME}={session_of(user).session_key}"

    return sign_in


@pytest.fixture
def start(transactional_db):
    """Return a function that starts a chat as the visitor's form does."""

    def start_one(account: Account, question: str = "Where is my order?") -> StartedChat:
        notice = ConsentNotice.objects.get(account=account)
        return start_chat(
            account=account,
            name="Vera",
            email="vera@mail.example",
            question=question,
            given=Given.to_all(notice),
        )

    return start_one
