"""How a visitor's chat ends in a real browser, and what they are told of it."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from chat.models import Conversation
from chat.services.conversations import end_chat
from helpdesk.models import Ticket
from privacy.categories import Category
from privacy.models import DailyCount
from privacy.terms import Rule
from tests import factories
from tests.browser.shop import (
    Shop,
    agent_joins,
    agent_says,
    begin,
    box,
    fill_in,
    frame,
    kept,
    launcher,
    said,
    the_chat,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_visitor_rates_takes_a_copy_and_ends(shop, agent):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    chat = begin(page)
    chat.get_by_role("button", name="End chat").click()
    expect(chat.get_by_role("dialog")).to_contain_text("It is erased at once")
    expect(chat.get_by_role("button", name="End chat")).to_have_count(1)

    with page.expect_download() as copy:
        chat.get_by_role("button", name="Download a copy").click()
    chat.get_by_label("4").check()
    chat.get_by_role("button", name="End chat").click()

    expect(chat.get_by_role("heading", name="Erased")).to_be_focused()
    assert "Where is my order?" in Path(copy.value.path()).read_text()
    assert kept(page) == {}
    assert not Conversation.objects.exists()
    assert DailyCount.objects.get(name="chat_rating_4").value == 1
    chat.get_by_role("button", name="Start a new chat").click()
    fill_in(chat, "Another one")


def test_end_tells_the_day_where_the_chat_is_kept_for_a_while(shop):
    page = shop.visit()
    chat = begin(page)

    chat.get_by_role("button", name="End chat").click()
    chat.get_by_role("dialog").get_by_role("button", name="End chat").click()

    expect(chat.get_by_role("heading", name="This chat is over")).to_be_visible()
    expect(chat.locator("time[datetime]")).to_have_count(1)
    assert kept(page) == {}


def test_chat_that_the_agent_ends_stays_in_the_window_only(shop, agent):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    chat = begin(page)
    agent_joins(agent)
    agent_says(agent, "Good bye")
    expect(said(chat)).to_have_text(["Where is my order?", "Good bye"])

    end_chat(conversation=the_chat(), side="agent")

    expect(chat.get_by_text("It has been erased.")).to_be_visible(timeout=15_000)
    with page.expect_download() as copy:
        chat.get_by_role("button", name="Download a copy").click()
    assert "Good bye" in Path(copy.value.path()).read_text()
    assert kept(page) == {}
    page.reload()
    launcher(page).click()
    expect(frame(page).get_by_role("button", name="Start chat")).to_be_visible()


def test_chat_that_the_agent_ends_is_rated_without_it(shop, agent):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = begin(shop.visit())
    agent_joins(agent)
    rated = []
    shop.context.on("request", lambda request: "/rating/" in request.url and rated.append(request))

    end_chat(conversation=the_chat(), side="agent")
    chat.get_by_role("button", name="Send rating").click(timeout=15_000)
    expect(chat.get_by_role("alert")).to_have_text("Please choose a number from 1 to 5.")
    chat.get_by_label("4").check()
    chat.get_by_role("button", name="Send rating").click()

    expect(chat.get_by_text("Thank you, your rating is counted.")).to_be_focused()
    expect(chat.get_by_role("button", name="Send rating")).to_have_count(0)
    assert DailyCount.objects.get(name="chat_rating_4").value == 1
    assert [{"x-chat-token", "cookie"} & set(request.all_headers()) for request in rated] == [set(), set()]


@pytest.mark.parametrize("size", [(1280, 720), (360, 640)])
def test_start_is_seen_without_scrolling(shop, size):
    page = shop.context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    shop.visit(page)

    launcher(page).click()

    expect(frame(page).get_by_role("button", name="Start chat")).to_be_in_viewport(ratio=1)


def test_time_of_erasure_is_told_where_the_visitor_is(browser, web, account):
    away = Shop(browser, web.port, account, timezone_id="Asia/Kolkata")
    chat = begin(away.visit())

    chat.get_by_role("button", name="End chat").click()
    chat.get_by_role("dialog").get_by_role("button", name="End chat").click()

    # The stream may be quicker than the answer to the button: both end screens tell it.
    told = chat.locator("[data-state=over], [data-state=ended]").locator("local-time time")
    expect(told).to_be_visible()
    due = Conversation.objects.get().closed_at.astimezone(ZoneInfo("Asia/Kolkata")) + timedelta(days=30)
    expect(told).to_contain_text(f"{due:%B} {due.day}, {due.year} at {due:%-I:%M}")
    assert away.close() == []


def test_chat_erased_while_the_visitor_was_away_is_told_when_they_come_back(shop):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    begin(page)
    page.goto("about:blank")
    end_chat(conversation=the_chat(), side="agent")

    shop.visit(page)

    expect(frame(page).get_by_text("Your earlier chat is over and was erased.")).to_be_visible()
    assert kept(page) == {}


def test_nobody_there_becomes_a_ticket(shop):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    chat = begin(page, "My kettle sings")

    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_label("Message", exact=True)).to_have_value("My kettle sings")
    chat.get_by_label("Email").fill("vera@mail.example")
    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_role("alert").first).to_be_focused()
    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Leave a message").click()

    expect(chat.get_by_role("heading", name="Your message is with us")).to_be_focused()
    expect(chat.get_by_text("Erased 30 days after it is closed")).to_be_visible()
    assert Ticket.objects.get().subject == "My kettle sings"
    assert not Conversation.objects.exists()
    assert kept(page) == {}


def test_visitor_who_writes_a_message_hears_that_somebody_has_come(shop, agent):
    page = shop.visit()
    chat = begin(page)
    chat.get_by_role("button", name="Leave a message").click()
    chat.get_by_role("heading", name="Leave a message").wait_for()

    agent_joins(agent)
    expect(chat.locator(".chat-joined")).to_have_text("You are talking with Ada Agent")
    chat.get_by_role("button", name="Back to the chat").click()

    expect(box(chat)).to_be_focused()
