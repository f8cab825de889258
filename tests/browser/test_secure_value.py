"""Slips and a sensitive value in two browsers, by keyboard alone: what each side sees, and for how long."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from chat.models import SecureValue
from tests.browser.accessible import OPTIONS, chat_frame, check, violations
from tests.browser.shop import agent_joins, begin, box, said, the_chat
from tests.chat.conftest import session_of  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

VALUE = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def desk(browser, web, agent, session_of) -> Iterator[Page]:  # noqa: F811
    """The browser of an agent, narrow and dark."""
    base = f"http://127.0.0.1:{web.port}"
    context = browser.new_context(base_url=base, viewport={"width": 360, "height": 740}, color_scheme="dark")
    context.set_default_timeout(8_000)
    key = session_of(agent).session_key
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": base}])
    yield context.new_page()
    context.close()


def test_visitor_and_agent_are_told_what_was_masked(shop, agent, desk):
    chat = begin(shop.visit(), "My card is 4111 1111 1111 1111")
    agent_joins(agent)
    desk.goto(f"/agent/chats/{the_chat().pk}/")

    box(chat).fill("and my password is hunter2")
    box(chat).press("Enter")

    masked = ["My card is •••• 1111", "and my password is ••••"]
    expect(said(chat)).to_have_text(masked)
    expect(said(desk)).to_have_text(masked)
    for side in (chat, desk):
        told = side.get_by_role("log", name="Conversation").locator(".message__masked")
        expect(told).to_have_text(
            ["We masked a card number before storing it.", "We masked a password before storing it."]
        )


def test_sensitive_value_is_asked_sent_and_seen_once(shop, agent, desk):
    page = shop.visit()
    chat = begin(page)
    agent_joins(agent)
    desk.goto(f"/agent/chats/{the_chat().pk}/")

    desk.get_by_role("link", name="Ask for a sensitive value").press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_label("What you ask for")).to_be_focused()
    desk.keyboard.type("Your IBAN")
    desk.keyboard.press("Tab")
    desk.keyboard.type("For the refund")
    desk.keyboard.press("Enter")
    expect(dialog).to_be_hidden()

    field = chat.get_by_label("Your IBAN")
    expect(field).to_be_visible()
    check(page, chat_frame(page))
    field.press("Enter")
    expect(chat.get_by_role("alert").get_by_text("Please write it into the field")).to_be_visible()
    expect(field).to_be_focused()
    field.fill(VALUE)
    field.press("Enter")
    expect(chat.get_by_text("You sent “\u2068Your IBAN\u2069”.")).to_be_visible()
    expect(field).to_have_count(0)
    expect(box(chat)).to_be_focused()

    desk.get_by_role("link", name="Show it once").press("Enter")
    expect(dialog.get_by_label("What do you need it for?")).to_be_focused()
    assert violations(desk, OPTIONS) == []
    desk.keyboard.type("To enter the refund")
    desk.keyboard.press("Enter")
    expect(dialog.get_by_text(VALUE)).to_be_visible()
    expect(chat.get_by_text("saw “\u2068Your IBAN\u2069” once. It is erased.")).to_be_visible()
    assert violations(desk, OPTIONS) == []
    assert not SecureValue.objects.exists()
    desk.keyboard.press("Escape")
    expect(box(desk)).to_be_focused()
    assert VALUE not in desk.content()
    expect(desk.get_by_role("link", name="Show it once")).to_have_count(0)
