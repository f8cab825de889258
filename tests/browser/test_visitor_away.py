"""The visitor's chat while the account is switched off: away, and not called erased."""

from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import expect

from tests.browser.shop import AWAY, agent_joins, agent_says, begin, box, frame, kept, launcher, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def switch(account, *, is_active: bool) -> None:
    account.is_active = is_active
    account.save(update_fields=["is_active"])


def switched_off_first(account):
    """Switch the account off just before the page that is loaded already asks for its chat."""
    asked = []

    def route(request):
        if not asked:
            asked.append(request)
            switch(account, is_active=False)
            connections.close_all()  # Playwright calls this in a context of its own, and so does Django
        request.continue_()

    return route


def test_chat_of_an_account_that_is_switched_off_waits_until_it_is_on_again(shop, agent):
    page = shop.visit()
    chat = begin(page)
    token = kept(page)
    switch(shop.account, is_active=False)

    box(chat).fill("Still there?")
    box(chat).press("Enter")

    expect(chat.get_by_text(AWAY)).to_be_visible()
    expect(chat.get_by_text("arrives only if you stay on this page")).to_be_visible()
    expect(chat.get_by_text("It has been erased")).to_have_count(0)
    assert kept(page) == token
    switch(shop.account, is_active=True)
    expect(said(chat)).to_have_text(["Where is my order?", "Still there?"])
    expect(chat.get_by_text("Sending")).to_have_count(0, timeout=20_000)
    expect(chat.get_by_text(AWAY)).to_be_hidden(timeout=20_000)
    agent_joins(agent)
    agent_says(agent, "Yes")
    expect(said(chat)).to_have_text(["Where is my order?", "Still there?", "Yes"])


def test_chat_that_is_resumed_while_its_account_is_switched_off_is_not_called_erased(shop):
    page = shop.visit()
    chat = begin(page)
    shop.context.route("**/conversation/", switched_off_first(shop.account))

    page.get_by_role("link", name="Next page").click()

    expect(chat.get_by_text(AWAY)).to_be_visible()
    assert kept(page)
    switch(shop.account, is_active=True)
    expect(said(chat)).to_have_text(["Where is my order?"], timeout=20_000)


def test_copy_of_a_chat_that_is_away_marks_what_did_not_arrive(shop):
    page = shop.visit()
    chat = begin(page)
    switch(shop.account, is_active=False)
    box(chat).fill("Still there?")
    box(chat).press("Enter")
    expect(chat.get_by_text(AWAY)).to_be_visible()

    chat.get_by_role("button", name="End chat").click()
    with page.expect_download() as copy:
        chat.get_by_role("button", name="Download a copy").click()

    first, last = Path(copy.value.path()).read_text().strip().split("\n\n")
    assert first.endswith("] You:\nWhere is my order?")
    assert not first.startswith("[not sent]")
    assert last == "[not sent] You:\nStill there?"


def test_page_that_is_loaded_while_the_account_is_off_waits_and_finds_the_chat_again(shop):
    page = shop.visit()
    begin(page)
    token = kept(page)
    switch(shop.account, is_active=False)

    page.reload()

    chat = frame(page)
    expect(chat.get_by_text(AWAY)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert kept(page) == token
    switch(shop.account, is_active=True)
    expect(said(chat)).to_have_text(["Where is my order?"], timeout=20_000)


def test_launcher_of_an_account_that_is_off_opens_a_page_that_becomes_the_form(shop):
    switch(shop.account, is_active=False)
    page = shop.visit()
    page.clock.install()

    launcher(page).click()
    chat = frame(page)
    expect(chat.get_by_text(AWAY)).to_be_visible()
    expect(page.locator("iframe")).to_be_focused()  # the loader has heard that somebody is there
    page.clock.run_for(11_000)  # it gives up on a frame that doesn't answer

    expect(chat.get_by_text(AWAY)).to_be_visible()
    chat.locator("body").press("Escape")
    expect(page.locator("iframe")).to_be_hidden()
    launcher(page).click()
    switch(shop.account, is_active=True)
    page.clock.run_for(30_000)
    expect(chat.get_by_role("button", name="Start chat")).to_be_enabled(timeout=20_000)
