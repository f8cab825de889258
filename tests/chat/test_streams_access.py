"""Who may open a stream, and that it ends when that changes."""

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat.services.messages import post_message
from helpdesk.models import AllowedNetwork, User
from privacy.models import LedgerHead, RetentionPolicy
from privacy.services.erasing.erasure import erase_units
from privacy.terms import Rule
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

STREAMS = ["/stream/visitor/", "/stream/agent/"]
LOST_WITHIN = 15  # seconds, while nothing happens
GUESSES = ["", "x", "%", "*", "%" * 43, "_" * 43, "a" * 43, "a" * 42, "a" * 44, "' OR 1=1 --", "é" * 43]


@pytest.mark.parametrize("guess", GUESSES)
def test_guessed_token_opens_nothing(web, start, account, guess):
    start(account)

    assert web.request("GET", "/stream/visitor/", X_Chat_Token=guess.encode("utf-8").decode("latin-1")) == 404


def test_hash_or_number_of_a_chat_is_no_token(web, start, account):
    chat = start(account).conversation

    for guess in (chat.token_hash, chat.token_hash[:43], str(chat.pk), chat.pk.hex):
        assert web.request("GET", "/stream/visitor/", X_Chat_Token=guess) == 404


def test_token_counts_in_its_header_only(web, start, account):
    token = start(account).token

    assert web.request("GET", f"/stream/visitor/?token={token}&X-Chat-Token={token}") == 404
    assert web.request("GET", "/stream/visitor/", Cookie=f"X-Chat-Token={token}") == 404
    assert web.request("GET", "/stream/visitor/", Authorization=f"Bearer {token}") == 404
    assert web.request("GET", "/stream/visitor/", X_Chat_Token=token) == 200


def test_token_of_an_erased_chat_opens_nothing(web, start, account):
    RetentionPolicy.objects.filter(account=account).update(rule=Rule.AT_ONCE)
    chat, token = start(account)
    before = web.request("GET", "/stream/visitor/", X_Chat_Token=token)

    erase_units(type(chat), [chat.pk], account_id=account.pk, reason="test")

    assert before == 200
    assert web.request("GET", "/stream/visitor/", X_Chat_Token=token) == 404


def test_visitor_of_an_account_that_is_switched_off_may_come_back(web, start, account):
    token = start(account).token
    account.is_active = False
    account.save()

    assert web.request("GET", "/stream/visitor/", X_Chat_Token=token) == 503
    assert web.request("GET", "/stream/visitor/", X_Chat_Token="x" * 43) == 404


def test_open_stream_of_an_account_that_is_switched_off_ends_without_a_word(web, start, account):
    chat, token = start(account)
    stream = web.visitor(token)
    stream.next()
    account.is_active = False
    account.save()

    post_message(conversation=chat, side="visitor", body="Is anybody there?")

    stream.wait_for_end()
    assert {event.name for event in stream.events} <= {"", "status"}
    assert stream.entries == [1]


@pytest.mark.parametrize(
    "path", [*STREAMS, "/stream/", "/stream/agent", "/stream/agent/1/", "/stream/admin/"]
)
def test_anonymous_opens_nothing(web, start, account, path):
    start(account)

    assert web.request("GET", path) == 404


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_streams_are_only_read(web, start, account, agent, cookie_of, path, method):
    token = start(account).token

    assert web.request(method, path, X_Chat_Token=token, Cookie=cookie_of(agent)) == 405


@pytest.mark.parametrize(
    "cookie", ["", "=", "lethe_session", "lethe_session=", "lethe_session=%", "a=b; c", ";;;"]
)
def test_cookie_that_is_no_session_opens_nothing(web, agent, cookie_of, cookie):
    cookie_of(agent)

    assert web.request("GET", "/stream/agent/", Cookie=cookie) == 404


def test_session_alone_is_not_enough(web, session_of, account, agent, manager, operator):
    """Each way in which a session names nobody who answers visitors is refused as a page refuses it."""
    expired = session_of(agent)
    Session.objects.filter(pk=expired.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    sessions = {
        "expired": expired,
        "another password": session_of(agent, _auth_user_hash="0" * 64),
        "no password": session_of(agent, _auth_user_hash=""),
        "unknown way of signing in": session_of(agent, _auth_user_backend="somewhere.Backend"),
        "nobody": session_of(agent, _auth_user_id="01890000-0000-7000-8000-000000000000"),
        "manager": session_of(manager),
        "operator": session_of(operator),
        "switched off": session_of(factories.user(account=account, is_active=False)),
    }

    answers = {
        name: web.request("GET", "/stream/agent/", Cookie=f"{settings.SESSION_COOKIE_NAME}={s.session_key}")
        for name, s in sessions.items()
    }

    assert answers == dict.fromkeys(sessions, 404)


def test_agent_is_no_visitor_and_visitor_no_agent(web, start, account, agent, cookie_of):
    token = start(account).token

    assert web.request("GET", "/stream/visitor/", Cookie=cookie_of(agent)) == 404
    assert web.request("GET", "/stream/agent/", X_Chat_Token=token) == 404


def test_address_outside_the_list_opens_nothing(web, agent, account, cookie_of):
    account.allowlist_enabled = True
    account.save()
    AllowedNetwork.objects.create(account=account, network="203.0.113.0/24")
    cookie = cookie_of(agent)
    outside = web.request("GET", "/stream/agent/", Cookie=cookie)
    pretended = web.request("GET", "/stream/agent/", Cookie=cookie, X_Forwarded_For="203.0.113.7")

    AllowedNetwork.objects.create(account=account, network="127.0.0.1")

    assert (outside, pretended) == (404, 404)
    assert web.request("GET", "/stream/agent/", Cookie=cookie) == 200


def losing_access(account, session_of):
    """Return people with a session, each with a way in which they lose what they may see."""
    other = factories.account(name="Elsewhere")
    closed = factories.account(name="Closing", networks=("127.0.0.1",))
    gone = factories.account(name="Gone")
    people = {
        name: factories.user(account=account) for name in ("session", "off", "password", "role", "moved")
    }
    people |= {"address": factories.user(account=closed), "account": factories.user(account=gone)}
    sessions = {name: session_of(user) for name, user in people.items()}

    def change(name, **values):
        User.objects.filter(pk=people[name].pk).update(**values)

    def change_password():
        people["password"].set_password("another-river-of-tests")
        people["password"].save()

    ways = {
        "session": lambda: Session.objects.filter(pk=sessions["session"].session_key).delete(),
        "off": lambda: change("off", is_active=False),
        "password": change_password,
        "role": lambda: change("role", role=User.Role.MANAGER, account=None),
        "moved": lambda: change("moved", account=other),
        "address": lambda: AllowedNetwork.objects.filter(account=closed).update(network="203.0.113.9"),
        "account": lambda: type(gone).objects.filter(pk=gone.pk).update(is_active=False),
    }
    return sessions, ways


def test_lost_access_ends_open_streams_in_time(web, account, agent, session_of):
    sessions, ways = losing_access(account, session_of)
    sessions["kept"] = session_of(agent)
    streams = {
        name: web.agent(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
        for name, session in sessions.items()
    }
    assert {stream.status for stream in streams.values()} == {200}

    start = time.monotonic()
    for lose in ways.values():
        lose()
    kept = streams.pop("kept")
    for name, stream in streams.items():
        left = LOST_WITHIN - (time.monotonic() - start)
        assert stream.wait_for_end(within=left) == ["bye"], name

    assert not kept.is_over
    for name in ways:
        cookie = f"{settings.SESSION_COOKIE_NAME}={sessions[name].session_key}"
        answer = web.request("GET", "/stream/agent/", Cookie=cookie)
        assert answer == (200 if name == "moved" else 404), name


def test_lost_access_ends_a_stream_before_it_tells_anything(web, start, account, agent, teammate, cookie_of):
    chat = start(account).conversation
    leaving, staying = web.agent(cookie_of(agent)), web.agent(cookie_of(teammate))
    time.sleep(1.2)  # what was checked within a second isn't checked again
    User.objects.filter(pk=agent.pk).update(is_active=False)

    post_message(conversation=chat, side="visitor", body="For those who still work here.")

    assert leaving.wait_for_end(within=5)[-1] == "bye"
    assert "still work" not in "".join(event.data for event in leaving.events)
    assert "still work" in staying.next_entry(after=1)["html"]


def test_visitors_of_an_account_that_is_switched_off_are_let_go_and_told_no_end(web, start, account):
    visitor = web.visitor(start(account).token)
    visitor.next("status")

    account.is_active = False
    account.save()

    visitor.wait_for_end(within=LOST_WITHIN)
    assert {event.name for event in visitor.events} == {"", "status"}


def test_closed_gate_ends_streams_and_opens_none_until_it_opens(web, start, account, agent, cookie_of):
    token, cookie = start(account).token, cookie_of(agent)
    visitor, desk = web.visitor(token), web.agent(cookie)
    visitor.next("status")

    LedgerHead.objects.update_or_create(pk=1, defaults={"seq": 9_999, "hash": "of a vault that was replaced"})

    for stream in (visitor, desk):
        assert "bye" not in stream.wait_for_end(within=LOST_WITHIN)
    answers = {web.request("GET", "/stream/visitor/", X_Chat_Token=token) for _ in range(3)}
    assert answers == {503}
    LedgerHead.objects.all().delete()
    assert web.request("GET", "/stream/visitor/", X_Chat_Token=token) == 200
