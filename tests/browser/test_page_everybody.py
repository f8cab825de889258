"""The chat for whoever comes: by keyboard, from the right, without motion, colours or storage."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from chat.models import Conversation
from helpdesk.ticket_links import link_of
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.browser.accessible import ZOOMED, chat_frame
from tests.browser.conftest import ARGUMENTS
from tests.browser.shop import Shop, agent_joins, agent_says, begin, box, frame, launcher, said
from tests.chromium import find_chromium
from tests.helpdesk.tickets import form_of, opened, requester_of

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

KEEPS_NOTHING = """() => {
  const refused = (access) => { try { access(); return false; } catch { return true; } };
  document.cookie = "one=1";
  return [refused(() => sessionStorage), refused(() => localStorage), document.cookie];
}"""


def focused(page: Page) -> str:
    """Return what has the focus inside the frame, by the name that it is read with."""
    return chat_frame(page).evaluate(
        """() => {
          const it = document.activeElement;
          return (it.labels?.[0] ?? it).textContent.trim() || it.getAttribute("aria-label") || it.tagName;
        }"""
    )


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of a name has the focus."""
    for _press in range(15):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard doesn't get to {name}, but to {focused(page)}")


# The keyboard


def test_chat_from_the_launcher_to_erased_by_keyboard_alone(shop, agent):
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame(page).get_by_label("Name")).to_be_focused()

    tab_to(page, "Your question")
    page.keyboard.type("By keyboard?")
    tab_to(page, "I agree that my message is stored.")
    page.keyboard.press("Space")
    tab_to(page, "Start chat")
    page.keyboard.press("Enter")
    expect(box(frame(page))).to_be_focused()
    agent_joins(agent)
    agent_says(agent, "Of course")
    expect(said(frame(page))).to_have_text(["By keyboard?", "Of course"])
    page.keyboard.type("Thanks")
    page.keyboard.press("Enter")
    expect(said(frame(page))).to_have_text(["By keyboard?", "Of course", "Thanks"])

    for _press in range(3):  # back over what stands before the box
        page.keyboard.press("Shift+Tab")
        if focused(page) == "End chat":
            break
    tab_to(page, "End chat")
    page.keyboard.press("Enter")
    expect(frame(page).get_by_role("dialog")).to_be_visible()
    tab_to(page, "1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    tab_to(page, "End chat")
    page.keyboard.press("Enter")

    expect(frame(page).get_by_role("heading", name="Erased")).to_be_focused()
    page.keyboard.press("Escape")
    expect(launcher(page)).to_be_focused()
    assert not Conversation.objects.exists()


def test_nothing_that_the_chat_covers_takes_the_focus(shop):
    page = shop.visit()
    page.set_viewport_size({"width": 360, "height": 640})
    launcher(page).click()
    expect(frame(page).get_by_label("Name")).to_be_focused()

    page.get_by_role("link", name="Next page").focus()
    expect(page.get_by_role("button", name="Hide the chat")).to_be_focused()
    page.set_viewport_size({"width": 1000, "height": 640})
    page.get_by_role("link", name="Next page").focus()

    expect(page.get_by_role("link", name="Next page")).to_be_focused()


# From the right


def test_everything_is_mirrored_in_a_language_read_from_the_right(shop):
    shop.account.language = "ar"
    shop.account.save()
    shop.context.set_extra_http_headers({"Accept-Language": "ar"})
    page = shop.visit()
    page.set_viewport_size({"width": 1000, "height": 700})
    assert launcher(page).bounding_box()["x"] == 20

    chat = begin(page)
    frame_box = page.locator("iframe").bounding_box()
    assert frame_box["x"] == 20
    hide = page.get_by_role("button", name="Hide the chat").bounding_box()
    end = chat.get_by_role("button", name="End chat").bounding_box()
    name = chat.get_by_role("heading", level=1).bounding_box()
    assert hide["x"] + hide["width"] < end["x"] < name["x"]
    own = said(chat).bounding_box()
    assert own["x"] < frame_box["x"] + 40
    send = chat.get_by_role("button", name="Send").bounding_box()
    assert send["x"] + send["width"] < box(chat).bounding_box()["x"]


# Without motion, without colours, at 400 %


def test_nothing_moves_for_whoever_wants_no_motion(browser, web, account):
    still = Shop(browser, web.port, account, reduced_motion="reduce")
    page = still.visit()
    chat = begin(page)
    chat.locator("[data-slot=typing]").evaluate("(line) => { line.hidden = false; }")
    chat.get_by_role("button", name="End chat").click()

    moving = """() => document.getAnimations({ subtree: true })
      .filter((each) => each.effect.getComputedTiming().activeDuration > 10).length"""
    assert chat_frame(page).evaluate(moving) == page.evaluate(moving) == 0
    assert still.close() == []


def test_edges_are_seen_where_the_browser_takes_the_colours_away(browser, web, account):
    plain = Shop(browser, web.port, account, forced_colors="active")
    page = plain.visit()
    chat = begin(page)

    for part in (launcher(page), chat.locator(".message--mine .message__body"), box(chat)):
        style = part.evaluate(
            "(it) => [getComputedStyle(it).borderTopWidth, getComputedStyle(it).borderTopColor]"
        )
        assert style[0] != "0px"
        assert style[1] != "rgba(0, 0, 0, 0)"
    assert plain.close() == []


def test_chat_is_read_and_written_in_a_window_at_400_percent(shop):
    page = shop.context.new_page()
    page.set_viewport_size(ZOOMED)
    shop.visit(page)
    chat = begin(page)

    for text in ("One", "Two", "Three", "Four", "Five"):
        box(chat).fill(text)
        box(chat).press("Enter")
        expect(said(chat).last).to_have_text(text)
        expect(box(chat)).to_be_in_viewport()
    said(chat).last.scroll_into_view_if_needed()

    expect(said(chat).last).to_be_in_viewport(ratio=0.9)
    expect(chat.get_by_role("button", name="End chat")).to_be_in_viewport(ratio=1)


# Where nothing may be stored


@pytest.fixture
def refusing(browser, tmp_path) -> BrowserContext:
    """A browser whose user refuses cookies and all other storage, for every site."""
    chosen = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default/Preferences").write_text(json.dumps(chosen))
    return browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=find_chromium(), args=ARGUMENTS, accept_downloads=True
    )


def test_chat_lasts_as_long_as_its_page_where_nothing_may_be_stored(browser, web, account, agent, refusing):
    shop = Shop(browser, web.port, account, context=refusing)
    page = shop.visit()
    assert page.evaluate(KEEPS_NOTHING) == [True, True, ""]

    chat = begin(page)
    assert chat_frame(page).evaluate(KEEPS_NOTHING) == [True, True, ""]
    expect(chat.get_by_text("this chat lasts as long as you stay on this page")).to_be_visible()
    agent_joins(agent)
    agent_says(agent, "I am here")
    expect(said(chat)).to_have_text(["Where is my order?", "I am here"])
    page.get_by_role("button", name="Hide the chat").click()
    launcher(page).click()
    expect(said(chat)).to_have_text(["Where is my order?", "I am here"])
    page.reload()
    launcher(page).click()

    expect(frame(page).get_by_role("button", name="Start chat")).to_be_visible()
    assert shop.close() == []


def test_chat_opened_by_itself_says_how_long_it_lasts_too(browser, web, account, refusing):
    shop = Shop(browser, web.port, account, context=refusing)
    page = shop.context.new_page()
    page.goto(f"{shop.helpdesk}/chat/{account.public_id}/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start chat").click()

    expect(page.get_by_text("this chat lasts as long as you stay on this page")).to_be_visible()
    assert shop.close() == []


def test_ticket_is_opened_without_a_cookie_and_its_thread_says_that_it_needs_one(
    browser, web, account, refusing
):
    shop = Shop(browser, web.port, account, context=refusing)
    page = shop.context.new_page()
    page.goto(shop.helpdesk + form_of(account))
    page.get_by_label("Email").fill("vera@mail.example")
    page.get_by_label("Subject").fill("Torn page")
    page.get_by_role("textbox", name="Message").fill("Page nine is torn.")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Send ticket").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, your ticket has arrived")

    token = link_of(requester_of(opened(account))).partition("#")[2]
    page.goto(f"{shop.helpdesk}/tickets/open/#{token}")

    expect(page.get_by_text("If your browser refuses cookies, allow them for this site.")).to_be_visible()
    assert shop.close() == []
