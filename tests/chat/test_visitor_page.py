"""The chat page: who may frame it, what it asks, and what it leaves behind, which is nothing."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from helpdesk.models import Account
from privacy.categories import Category
from privacy.gate import gate
from privacy.terms import Rule, Unit
from tests import factories
from tests.chat.visiting import TOKEN, visit

VIEWS = [
    ("loader", None),
    ("chat_page", None),
    ("chat_start", {}),
    ("visitor_conversation", None),
    ("visitor_messages", {"body": "Hello"}),
    ("visitor_typing", {}),
    ("visitor_transcript", None),
    ("visitor_leave_message", None),
    ("visitor_end", {}),
]


def ancestors(response) -> str:
    rules = [rule.strip() for rule in response["Content-Security-Policy"].split(";")]
    return next(rule for rule in rules if rule.startswith("frame-ancestors"))


def test_page_may_be_framed_by_exactly_the_accounts_own_sites(account, other_account):
    account.allowed_origins = "https://shop.example\nhttp://localhost:8000"
    account.save()
    other_account.allowed_origins = "https://other.example"
    other_account.save()

    response = visit("chat_page", account)

    assert ancestors(response) == "frame-ancestors https://shop.example http://localhost:8000"
    assert "X-Frame-Options" not in response


def test_page_of_an_account_without_sites_may_be_framed_by_nobody(account):
    response = visit("chat_page", account)

    assert response.status_code == 200
    assert ancestors(response) == "frame-ancestors 'none'"


@pytest.mark.parametrize(("name", "data"), VIEWS)
def test_unknown_accounts_show_nothing_and_are_not_framed(db, name, data):
    response = visit(name, Account(public_id="never-was"), data=data)

    assert response.status_code == 404
    assert ancestors(response) == "frame-ancestors 'none'"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(("name", "data"), [view for view in VIEWS if view[0] not in {"loader", "chat_page"}])
def test_account_that_is_switched_off_answers_nothing_and_is_not_framed(account, name, data):
    account.allowed_origins, account.is_active = "https://shop.example", False
    account.save()

    response = visit(name, account, data=data)

    assert response.status_code == (404 if name == "chat_start" else 503)  # an open chat may come back
    assert ancestors(response) == "frame-ancestors 'none'"
    assert response["X-Frame-Options"] == "DENY"


def test_page_of_an_account_that_is_switched_off_waits_in_the_frame_of_its_own_sites(account, caplog):
    account.allowed_origins, account.is_active = "https://shop.example", False
    account.save()

    response = visit("chat_page", account)

    assert response.status_code == 503
    assert "can't be reached at the moment" in response.content.decode().replace("&#x27;", "'")
    assert "<form" not in response.content.decode()
    assert ancestors(response) == "frame-ancestors https://shop.example"
    assert "X-Frame-Options" not in response
    assert caplog.records == []


def test_loader_of_an_account_that_is_switched_off_is_the_same(account):
    script = visit("loader", account).content

    account.is_active = False
    account.save()

    assert visit("loader", account).content == script


@pytest.mark.parametrize(("name", "data"), VIEWS)
def test_no_answer_to_a_visitor_sets_a_cookie(account, name, data):
    factories.chat(account, token=TOKEN)

    response = visit(name, account, data=data)

    assert response.status_code in {200, 201, 204, 422}
    assert "Set-Cookie" not in response
    assert not response.cookies


@pytest.mark.parametrize(("name", "data"), VIEWS[1:])
def test_no_answer_to_a_visitor_is_kept_or_tells_where_it_came_from(account, name, data):
    factories.chat(account, token=TOKEN)

    response = visit(name, account, data=data)

    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"


def test_page_loads_nothing_from_elsewhere(account):
    page = visit("chat_page", account).content.decode()

    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"', page)
    assert len(loaded) > 10
    assert [address for address in loaded if not address.startswith("/static/")] == []


def test_page_asks_what_the_account_wants_to_know(account):
    account.chat_name, account.chat_email = Account.Field.OFF, Account.Field.REQUIRED
    account.save()

    form = visit("chat_page", account).context["form"]

    assert list(form.fields) == ["email", "page", "question", "consent_answer", "notice"]
    assert form.fields["email"].required
    assert not form.fields["question"].required


def test_page_asks_for_no_consent_where_the_account_needs_none(account):
    factories.asks_nothing(account)

    assert "consent_answer" not in visit("chat_page", account).context["form"].fields


def test_page_shows_the_notice_with_its_policy_before_the_button(account):
    account.policy_url = "https://shop.example/privacy"
    account.save()
    factories.asks(account, "I agree to be answered.")

    page = visit("chat_page", account).content.decode()

    assert page.index("I agree to be answered.") < page.index("https://shop.example/privacy")
    assert page.index("https://shop.example/privacy") < page.index("Start chat")
    assert "checked" not in page


@pytest.mark.parametrize(
    ("rule", "amount", "unit", "sentence"),
    [
        (Rule.AT_ONCE, 30, Unit.DAYS, "Erased as soon as it is closed"),
        (Rule.AFTER, 2, Unit.HOURS, "Erased 2 hours after it is closed"),
        (Rule.KEEP, 30, Unit.DAYS, "Kept until somebody deletes it"),
    ],
)
def test_page_says_before_anything_is_typed_how_long_it_is_kept(account, rule, amount, unit, sentence):
    factories.policy(account, Category.CHAT, rule=rule, amount=amount, unit=unit)

    page = visit("chat_page", account).content.decode()

    assert page.index(sentence) < page.index("<form")


def test_page_links_to_the_accounts_privacy_notice(account):
    page = visit("chat_page", account).content.decode()

    assert f'href="{reverse("privacy_notice", args=[account.public_id])}"' in page


def test_page_costs_four_queries(account, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(gate, "_open_until", float("inf"))  # it asks anew every few seconds
    address = reverse("chat_page", args=[account.public_id])

    with django_assert_num_queries(4):  # account, notice, fields, retention
        Client().get(address)
