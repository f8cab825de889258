"""Who may open a stream: decided by the access functions of the pages, and again while it is open."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare

from chat.models import Conversation
from chat.services.conversations import hash_token
from chat.streams.subscriber import Admission
from helpdesk.client_ip import address_of_scope
from helpdesk.models import User
from helpdesk.permissions import admitted
from privacy.gate import gate
from privacy.services.restoring.replay import Gate

TOKEN_LENGTH = 43


def in_thread(function: Callable, *args: Any) -> Any:
    """Call something that uses the database from a thread that no request owns; a broken connection goes."""
    try:
        return function(*args)
    except Exception:
        close_old_connections()
        raise


class GateClosed(Exception):
    """Nothing may be served now; whoever asks may come back."""


def gate_is_open() -> bool:
    """Tell whether anything may be served at all."""
    return gate.state() is Gate.OPEN


def admit(scope: dict[str, Any]) -> Admission | None:
    """Return who asks for a stream, or ``None`` for nobody who may have it; raises :class:`GateClosed`."""
    if not gate_is_open():
        raise GateClosed
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["path"] == "/stream/visitor/":
        return _visitor(headers.get("x-chat-token", ""))
    if scope["path"] == "/stream/agent/":
        return _agent(scope, headers.get("cookie", ""))
    return None


def _visitor(token: str) -> Admission | None:
    if len(token) != TOKEN_LENGTH:
        return None
    wanted = hash_token(token)
    chats = Conversation.objects.filter(token_hash=wanted)
    chat = chats.values_list("pk", "account_id", "account__is_active").first()
    if chat is None:
        return None
    pk, account_id, is_active = chat
    if not is_active:
        raise GateClosed
    return Admission(account_id, conversation_id=pk, token_hash=wanted)


def _agent(scope: dict[str, Any], cookie: str) -> Admission | None:
    key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME)  # as a page reads it, whatever stands beside
    session = import_module(settings.SESSION_ENGINE).SessionStore(key) if key else None
    if session is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.select_related("account").filter(pk=session.get(SESSION_KEY)).first()
    if user is None or not user.works_in_agent_pages:
        return None
    mark = user.get_session_auth_hash()
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), mark):
        return None
    address = address_of_scope(scope)
    if not admitted(user, address):
        return None
    return Admission(
        user.account_id,
        user_id=user.pk,
        session_key=session.session_key,
        password_mark=mark,
        address=address,
    )


def still_admitted(admissions: Collection[Admission]) -> set[Admission]:
    """Return those agents' admissions that hold: the session lives, the person may still work from there."""
    now = datetime.now(UTC)
    keys = {a.session_key for a in admissions}
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=now).values_list("pk", flat=True)
    )
    people = User.objects.select_related("account").prefetch_related("account__allowed_networks")
    people = people.in_bulk({a.user_id for a in admissions})
    return {a for a in admissions if a.session_key in alive and _holds(a, people.get(a.user_id))}


def _holds(admission: Admission, user: User | None) -> bool:
    return (
        user is not None
        and user.works_in_agent_pages
        and user.account_id == admission.account_id
        and user.get_session_auth_hash() == admission.password_mark
        and admitted(user, admission.address)
    )
