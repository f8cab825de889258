"""The visitor's chat in a real browser, embedded in a strict page of another origin."""

import pytest
from playwright.sync_api import expect

from chat.models import Conversation, Message
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.browser.shop import (
    AWAY,
    REFUSE_STORAGE,
    agent_joins,
    agent_says,
    begin,
    box,
    fill_in,
    frame,
    kept,
    launcher,
    said,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# Before a click


def test_nothing_but_the_loader_is_fetched_and_nothing_stored_before_a_click(shop):
    page = shop.visit()

    helpdesk = [url for url in shop.requests if url.startswith(shop.helpdesk)]
    assert helpdesk == [f"{shop.helpdesk}/embed/{shop.account.public_id}.js"]
    assert kept(page) == {}
    assert page.evaluate("() => [localStorage.length, document.cookie, frames.length]") == [0, "", 0]
    assert shop.context.cookies() == []


def test_nothing_is_stored_before_the_chat_has_started(shop):
    page = shop.visit()

    launcher(page).click()
    chat = frame(page)
    chat.get_by_label("Your question").fill("Hello?")
    chat.get_by_role("button", name="Start chat").click()

    expect(chat.get_by_role("alert")).to_be_focused()
    expect(chat.get_by_label("Your question")).to_have_value("Hello?")
    assert kept(page) == {}
    assert shop.context.cookies() == []
    assert not Conversation.objects.exists()


def test_helpdesk_that_does_not_answer_is_told_and_leaves_the_page_alone(shop):
    shop.context.route("**/chat/**", lambda route: route.abort())
    page = shop.context.new_page()
    page.clock.install()
    shop.visit(page)

    launcher(page).click()
    page.clock.run_for(11_000)

    expect(page.get_by_role("alert")).to_have_text(
        "The chat can't be reached right now. Please try again later."
    )
    assert page.locator("iframe").count() == 0


# The keyboard


def test_chat_is_opened_written_in_and_hidden_by_keyboard(shop):
    page = shop.visit()

    launcher(page).press("Enter")
    expect(frame(page).get_by_label("Name")).to_be_focused()
    frame(page).get_by_label("Name").press("Escape")
    expect(launcher(page)).to_be_focused()
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    chat = begin(page)
    expect(box(chat)).to_be_focused()
    page.keyboard.type("Line one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("line two")
    page.keyboard.press("Enter")

    expect(said(chat)).to_have_text(["Where is my order?", "Line one\nline two"])
    expect(box(chat)).to_have_value("")


def test_dialog_is_left_by_escape_without_hiding_the_chat(shop):
    chat = begin(shop.visit())

    chat.get_by_role("button", name="End chat").press("Enter")
    chat.get_by_role("dialog").press("Escape")

    expect(chat.get_by_role("dialog")).to_be_hidden()
    expect(chat.get_by_role("button", name="End chat")).to_be_focused()


# Both sides


def test_visitor_waits_is_joined_and_both_talk(shop, agent):
    chat = begin(shop.visit())
    expect(chat.get_by_text("You are next.")).to_be_visible()
    expect(chat.get_by_role("button", name="Leave a message")).to_be_visible()

    agent_joins(agent)
    agent_says(agent, "Let me <b>look</b>.")
    box(chat).fill("Thank you")
    chat.get_by_role("button", name="Send").click()

    expect(chat.get_by_text("You are talking with Ada Agent")).to_be_visible()
    expect(chat.get_by_role("button", name="Leave a message")).to_be_hidden()
    expect(said(chat)).to_have_text(["Where is my order?", "Let me <b>look</b>.", "Thank you"])


def test_typing_of_the_agent_is_shown_until_they_have_written(shop, agent):
    chat = begin(shop.visit())
    agent_joins(agent)
    expect(chat.get_by_text("Ada Agent joined the chat")).to_be_visible()

    chat.locator("live-stream").evaluate(
        """(stream) => stream.dispatchEvent(
             new CustomEvent("live:typing", { bubbles: true, detail: { data: "agent" } }))"""
    )
    expect(chat.get_by_text("Ada Agent is typing")).to_be_visible()
    agent_says(agent, "Here I am")

    expect(said(chat)).to_have_text(["Where is my order?", "Here I am"])
    expect(chat.get_by_text("Ada Agent is typing")).to_be_hidden()


def test_first_word_is_told_however_early_it_is_typed(shop, agent):
    shop.context.add_init_script("performance.now = () => 1000")
    chat = begin(shop.visit())
    agent_joins(agent)
    expect(chat.get_by_text("Ada Agent joined the chat")).to_be_visible()

    with shop.context.expect_event("request", lambda request: request.url.endswith("/typing/")):
        box(chat).press_sequentially("He")

    assert [url.endswith("/typing/") for url in shop.requests].count(True) == 1


def test_message_that_is_refused_stays_in_the_box(shop):
    chat = begin(shop.visit())

    box(chat).fill("   ")
    box(chat).press("Enter")
    expect(chat.get_by_role("alert")).to_have_text("Please write something first.")
    box(chat).fill("x" * 4001)
    box(chat).press("Enter")
    expect(chat.get_by_role("alert")).to_contain_text("this one has 4001")
    expect(chat.get_by_text("-1 characters left")).to_be_visible()
    box(chat).fill("Hello \x00 there")
    box(chat).press("Enter")

    expect(chat.get_by_role("alert")).to_contain_text("characters that can't be shown")
    expect(box(chat)).to_have_value("Hello \x00 there")
    expect(said(chat)).to_have_text(["Where is my order?"])
    assert Message.objects.count() == 1


def test_direction_is_turned_inside_a_message_only(shop, agent):
    chat = begin(shop.visit(), question="\u202eturned")
    agent_joins(agent)
    agent_says(agent, "\u202eturned")

    expect(said(chat)).to_have_text(["\u202eturned", "\u202eturned"])
    for name in (".message__body", ".message__author"):
        styles = chat.locator(f"article {name}").evaluate_all(
            "all => all.map(one => getComputedStyle(one).unicodeBidi)"
        )
        assert styles == ["isolate", "isolate"]


def test_message_sent_without_a_connection_is_said_once_it_is_back(shop):
    chat = begin(shop.visit())
    shop.context.set_offline(True)

    for text in ("First", "Second"):
        box(chat).fill(text)
        box(chat).press("Enter")
    expect(chat.get_by_text(AWAY)).to_be_visible()
    shop.context.set_offline(False)

    expect(said(chat)).to_have_text(["Where is my order?", "First", "Second"])
    expect(chat.get_by_text("Sending")).to_have_count(0)
    expect(chat.get_by_text(AWAY)).to_be_hidden()
    assert [entry.body for entry in Message.objects.all()] == ["Where is my order?", "First", "Second"]


def test_answer_that_got_lost_leads_to_no_second_message(shop):
    chat = begin(shop.visit())
    lost = []

    def lose_first(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    shop.context.route("**/messages/", lose_first)
    box(chat).fill("Once")
    box(chat).press("Enter")

    expect(said(chat)).to_have_text(["Where is my order?", "Once"])
    expect(chat.get_by_text("Sending")).to_have_count(0)
    assert Message.objects.count() == 2


# From page to page


def test_chat_comes_along_to_the_next_page_as_it_was(shop, agent):
    page = shop.visit()
    chat = begin(page)
    token = kept(page)[f"lethe:{shop.account.public_id}"]

    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**/two/")

    expect(said(chat)).to_have_text(["Where is my order?"])
    expect(launcher(page)).to_have_attribute("aria-expanded", "true")
    assert "Where is my order" not in token
    agent_joins(agent)
    agent_says(agent, "Still here?")
    expect(said(chat)).to_have_text(["Where is my order?", "Still here?"])


def test_hidden_chat_counts_what_is_new_on_every_page(shop, agent):
    page = shop.visit()
    begin(page)
    agent_joins(agent)
    expect(frame(page).get_by_text("Ada Agent joined the chat")).to_be_visible()
    page.get_by_role("button", name="Hide the chat").click()

    agent_says(agent, "One")
    expect(page.get_by_role("status")).to_have_text("New messages in the chat: 1")
    page.reload()
    agent_says(agent, "Two")

    expect(page.get_by_role("status")).to_have_text("New messages in the chat: 2")
    launcher(page).click()
    expect(page.get_by_role("status")).to_have_text("")
    expect(box(frame(page))).to_be_focused()


def test_two_tabs_show_the_same_and_end_together(shop):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    first = begin(page)
    with shop.context.expect_page() as opened:
        page.evaluate("() => void window.open('/shop/two/')")
    second = frame(opened.value)

    box(second).fill("From the second tab")
    box(second).press("Enter")
    expect(said(first)).to_have_text(["Where is my order?", "From the second tab"])
    expect(said(second)).to_have_text(["Where is my order?", "From the second tab"])
    second.get_by_role("button", name="End chat").click()
    second.get_by_role("dialog").get_by_role("button", name="End chat").click()

    expect(first.get_by_role("heading", name="This chat is over")).to_be_visible()
    expect(said(first)).to_have_text(["Where is my order?", "From the second tab"])
    for tab in (page, opened.value):  # each is told by itself
        tab.wait_for_function("() => sessionStorage.length === 0")
    assert kept(page) == kept(opened.value) == {}


def test_browser_that_stores_nothing_is_told_how_long_the_chat_lasts(shop):
    shop.context.add_init_script(REFUSE_STORAGE)
    page = shop.visit()

    chat = begin(page)

    expect(chat.get_by_text("this chat lasts as long as you stay on this page")).to_be_visible()
    page.reload()
    launcher(page).click()
    expect(frame(page).get_by_role("button", name="Start chat")).to_be_visible()


def test_chat_page_opened_by_itself_works_and_survives_a_reload(shop):
    page = shop.context.new_page()
    page.goto(f"{shop.helpdesk}/chat/{shop.account.public_id}/")
    fill_in(page)

    page.reload()

    expect(said(page)).to_have_text(["Where is my order?"])
    assert shop.context.cookies() == []


# Strangers


def test_words_of_another_window_are_not_believed(shop):
    page = shop.visit()
    launcher(page).click()
    frame(page).get_by_label("Your question").wait_for()

    page.evaluate("() => postMessage({lethe: 'started', token: 'a'.repeat(43)}, '*')")
    page.evaluate("() => postMessage({lethe: 'hide'}, '*')")
    page.evaluate("() => postMessage(null, '*')")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")

    assert kept(page) == {}
    expect(launcher(page)).to_have_attribute("aria-expanded", "true")


def test_site_that_is_not_on_the_list_can_not_frame_the_chat(shop):
    shop.account.allowed_origins = "https://elsewhere.example"
    shop.account.save()
    page = shop.visit()

    launcher(page).click()

    page.wait_for_function("() => true")
    expect(frame(page).get_by_role("button", name="Start chat")).to_have_count(0)
    page.wait_for_timeout(500)
    assert all("frame-ancestors" in text for text in shop.complaints)
    assert shop.complaints
    shop.complaints.clear()
