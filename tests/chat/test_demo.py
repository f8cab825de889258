"""The demo: a shop on another origin, and people whose logins are made once."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from helpdesk.models import Account, User
from privacy.categories import Category
from privacy.models import ConsentNotice
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule


@pytest.fixture
def demo(settings, tmp_path, db):
    settings.LETHE_DEMO = True
    settings.LETHE_DATA_DIR = tmp_path
    settings.LETHE_BASE_URL = settings.LETHE_EMBED_URL = "http://127.0.0.1:8000"
    settings.LETHE_DEMO_ORIGIN = "http://localhost:8000"
    return tmp_path / "demo-logins.json"


def seed() -> str:
    output = StringIO()
    call_command("seed_demo", stdout=output)
    return output.getvalue()


def browse(path: str, host: str = "localhost:8000"):
    return Client(headers={"Host": host}).get(path)


def test_seed_writes_a_login_for_each_role_that_signs_in(demo):
    printed = seed()

    logins = json.loads(demo.read_text())
    roles = ["operator", "manager", "owner", "supervisor", "agent", "other_agent"]
    assert [login["role"] for login in logins] == roles
    assert {frozenset(login) for login in logins} == {frozenset({"role", "email", "password", "url"})}
    assert {login["url"] for login in logins} == {"http://127.0.0.1:8000/sign-in/"}
    assert demo.stat().st_mode & 0o777 == 0o600
    for login in logins:
        assert User.objects.with_email(login["email"]).get().check_password(login["password"])
        assert login["password"] in printed


def test_seed_twice_makes_nothing_twice(demo):
    seed()
    before = demo.read_text()

    seed()

    assert demo.read_text() == before
    assert (Account.objects.count(), User.objects.count(), ConsentNotice.objects.count()) == (2, 6, 2)


def test_seed_makes_new_passwords_where_the_file_was_lost(demo):
    seed()
    lost = json.loads(demo.read_text())
    demo.unlink()

    seed()

    for old, new in zip(lost, json.loads(demo.read_text()), strict=True):
        user = User.objects.with_email(new["email"]).get()
        assert user.check_password(new["password"])
        assert not user.check_password(old["password"])


def test_seed_follows_the_port(demo, settings):
    seed()
    settings.LETHE_BASE_URL, settings.LETHE_DEMO_ORIGIN = "http://127.0.0.1:9000", "http://localhost:9000"

    seed()

    assert Account.objects.get(public_id="demo").origins == ["http://localhost:9000"]
    assert json.loads(demo.read_text())[0]["url"] == "http://127.0.0.1:9000/sign-in/"


def test_demo_erases_chats_at_once_and_tickets_after_thirty_days(demo):
    seed()

    account = Account.objects.get(public_id="demo")
    assert policy_in_force(account_id=account.pk, category=Category.CHAT).term.rule == Rule.AT_ONCE
    tickets = policy_in_force(account_id=account.pk, category=Category.TICKET)
    assert tickets.term.in_words() == "30 days after it is closed"


def test_words_of_consent_name_no_term_which_the_manager_may_change(demo):
    seed()

    words = [notice.text for notice in ConsentNotice.objects.all()]

    assert len(words) == 2
    assert not any(term in text for text in words for term in ("erased", "day", "closed"))


def test_people_of_the_demo_belong_where_they_should(demo):
    seed()

    account = Account.objects.get(public_id="demo")
    assert account.owner.role == User.Role.OWNER
    assert [user.role for user in account.managers.all()] == ["manager"]
    other = User.objects.with_email("agent@paperplane.example").get()
    assert other.account_id not in {None, account.pk}


def test_seed_is_refused_where_there_is_no_demo(demo, settings):
    settings.LETHE_DEMO = False

    with pytest.raises(CommandError, match="LETHE_DEMO is off"):
        seed()
    assert not Account.objects.exists()


@pytest.mark.parametrize("path", ["/demo/", "/demo/delivery/", "/demo/privacy/"])
def test_shop_embeds_the_chat_by_two_lines(demo, path):
    page = browse(path).content.decode()

    assert '<script src="http://127.0.0.1:8000/embed/demo.js" async></script>' in page
    assert len(re.findall(r"<script", page)) == 1
    assert '<noscript><a href="http://127.0.0.1:8000/tickets/new/demo/">' in page


def test_shop_allows_the_chat_and_no_inline_code(demo):
    policy = browse("/demo/")["Content-Security-Policy"]

    assert "script-src 'self' http://127.0.0.1:8000;" in policy + ";"
    assert "frame-src http://127.0.0.1:8000;" in policy + ";"
    assert "unsafe" not in policy


def test_shop_stands_on_an_origin_of_its_own(demo):
    response = browse("/demo/delivery/", host="127.0.0.1:8000")

    assert response.status_code == 302
    assert response["Location"] == "http://localhost:8000/demo/delivery/"


def test_shop_sets_no_cookie(demo):
    assert "Set-Cookie" not in browse("/demo/")


def test_shop_is_closed_where_there_is_no_demo(demo, settings):
    settings.LETHE_DEMO = False

    assert browse("/demo/").status_code == 404


def test_unknown_page_of_the_shop_is_not_found(demo):
    assert browse("/demo/never/").status_code == 404
