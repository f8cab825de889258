"""The agents' chat pages in a real browser, while visitors write at the same time."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, Route, expect, sync_playwright

from chat.models import Conversation, Message
from chat.services.conversations import accept_chat, end_chat
from chat.services.messages import post_message
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.chat.conftest import session_of, shared_web, start, web  # noqa: F401
from tests.chromium import find_chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Counts the notes that are played; a chime has two.
COUNT_NOTES = """
  window.notes = 0;
  const start = AudioScheduledSourceNode.prototype.start;
  AudioScheduledSourceNode.prototype.start = function (...when) {
    window.notes += 1;
    return start.apply(this, when);
  };
"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def at_desk(browser, web, session_of) -> Iterator[Callable[..., BrowserContext]]:  # noqa: F811
    """Return a function that gives somebody a browser of their own, signed in; errors in pages fail."""
    contexts, complaints = [], []

    def sit_down(user, **options) -> BrowserContext:
        base = f"http://127.0.0.1:{web.port}"
        context = browser.new_context(base_url=base, **options)
        context.set_default_timeout(8_000)
        context.add_init_script(COUNT_NOTES)
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user).session_key, "url": base}]
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        contexts.append(context)
        return context

    yield sit_down
    for context in contexts:
        context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def opened(context: BrowserContext, chat: Conversation | None = None) -> Page:
    page = context.new_page()
    page.goto(f"/agent/chats/{chat.pk}/" if chat else "/agent/chats/")
    page.wait_for_function("document.querySelector('agent-desk')?.matches(':defined')")
    return page


def visitor_says(chat: Conversation, body: str) -> Message:
    return post_message(conversation=chat, side=Conversation.Side.VISITOR, body=body)


def visitor_posts(web, account, started, what: str) -> int:  # noqa: F811
    headers = {"X_Chat_Token": started.token}
    return web.request("POST", f"/chat/{account.public_id}/{what}/", body={}, **headers)


def own_chat(start, account, agent, question="Where is my order?") -> Conversation:  # noqa: F811
    return accept_chat(conversation=start(account, question).conversation, agent=agent)


def bodies(page: Page):
    return page.get_by_role("log", name="Conversation").locator("article .message__body")


def box(page: Page):
    return page.get_by_role("textbox", name="Message")


def test_agent_accepts_and_both_sides_talk(at_desk, start, account, agent):  # noqa: F811
    page = opened(at_desk(agent))
    chat = start(account, "Where is my order?").conversation

    page.get_by_role("button", name="Accept").click()
    expect(box(page)).to_be_focused()
    page.keyboard.type("It is on its way.")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Tomorrow!")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("")
    visitor_says(chat, "Thank you")

    expect(bodies(page)).to_have_text(["Where is my order?", "It is on its way.\nTomorrow!", "Thank you"])


def test_chat_is_closed_and_erased_through_the_dialog(at_desk, start, account, agent):  # noqa: F811
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    page = opened(at_desk(agent), own_chat(start, account, agent))

    page.get_by_role("button", name="Close chat").click()
    expect(page.get_by_role("dialog")).to_contain_text("It is erased at once")
    page.get_by_role("button", name="Close chat").click()

    expect(page.get_by_text("The chat is closed and erased.")).to_be_visible()
    assert not Conversation.objects.exists()


def test_visitor_has_one_name_in_the_page_and_in_what_comes_later(at_desk, start, account, agent):  # noqa: F811
    chat = own_chat(start, account, agent)
    page = opened(at_desk(agent), chat)

    visitor_says(chat, "Hello?")

    expect(bodies(page)).to_have_count(2)
    expect(page.get_by_role("log").locator(".message__author")).to_have_text(["Vera", "Vera"])


def test_closed_chat_is_found_read_and_erased_by_hand(at_desk, start, account, supervisor):  # noqa: F811
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    end_chat(conversation=start(account, "Only words").conversation, side="visitor")
    office = at_desk(supervisor)
    page, beside = opened(office), office.new_page()

    page.get_by_role("link", name="Closed").click()
    beside.goto(page.url)
    page.get_by_role("link", name="Vera").click()
    expect(bodies(page)).to_have_text(["Only words"])
    page.get_by_role("button", name="Erase now").click()
    expect(page.get_by_role("dialog")).to_contain_text("All its messages go")
    page.get_by_role("button", name="Erase chat").click()

    expect(page.get_by_text("The chat is erased.")).to_be_visible()
    expect(page.get_by_text("No closed chat is kept.")).to_be_visible()
    expect(beside.get_by_role("link", name="Vera")).to_have_count(0)
    assert not Conversation.objects.exists()


def test_dialog_gives_the_focus_back(at_desk, start, account, agent):  # noqa: F811
    page = opened(at_desk(agent), own_chat(start, account, agent))

    page.get_by_role("button", name="Close chat").press("Enter")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Close chat")).to_be_focused()


def test_tabs_share_one_stream_and_another_takes_over(at_desk, start, account, agent):  # noqa: F811
    context, chat = at_desk(agent), own_chat(start, account, agent)
    streams = []
    context.on("request", lambda request: "/stream/" in request.url and streams.append(request.url))
    first, second, third = (opened(context, chat) for _ in range(3))
    visitor_says(chat, "To all three")
    for page in (first, second, third):
        expect(bodies(page)).to_have_text(["Where is my order?", "To all three"])
    assert len(streams) == 1

    first.close()
    visitor_says(chat, "To those who are left")

    for page in (second, third):
        expect(bodies(page)).to_have_text(["Where is my order?", "To all three", "To those who are left"])
    assert len(streams) == 2


def test_new_chat_and_message_ring_once_and_count_in_the_title(
    at_desk,
    start,  # noqa: F811
    account,
    agent,
):
    context = at_desk(agent)
    pages = [opened(context), opened(context)]
    for page in pages:
        page.locator("body").click()
    chat = start(account).conversation

    for page in pages:
        expect(page).to_have_title("(1) Chats · Lethe")
        expect(page.locator("#nav-chats-badge")).to_have_text("1")
    assert rings(pages) == 1
    accept_chat(conversation=chat, agent=agent)
    visitor_says(chat, "Hello?")
    for page in pages:
        expect(page).to_have_title("(2) Chats · Lethe")  # the question, and this
    assert rings(pages) == 2


def test_tickets_page_counts_new_chats_too(at_desk, start, account, agent):  # noqa: F811
    page = at_desk(agent).new_page()
    page.goto("/agent/tickets/")
    expect(page).to_have_title("Tickets · Lethe")

    start(account)

    expect(page).to_have_title("(1) Tickets · Lethe")
    expect(page.locator("#nav-chats-badge")).to_have_text("1")


def rings(pages: list[Page]) -> int:
    pages[0].wait_for_timeout(300)
    return sum(page.evaluate("window.notes") for page in pages) // 2


def test_own_words_and_other_peoples_chats_make_no_sound(at_desk, start, account, agent, teammate):  # noqa: F811
    own, theirs = own_chat(start, account, agent), own_chat(start, account, teammate)
    page = opened(at_desk(agent), own)
    page.locator("body").click()

    visitor_says(theirs, "To the teammate")
    post_message(conversation=own, side=Conversation.Side.AGENT, agent=agent, body="From another tab")

    expect(bodies(page)).to_have_count(2)
    assert rings([page]) == 0


@pytest.mark.parametrize("switch", ["Sound on a new message", "Mute this device"])
def test_sound_can_be_muted(switch, at_desk, start, account, agent):  # noqa: F811
    page = opened(at_desk(agent), own_chat(start, account, agent))
    chat = Conversation.objects.get()

    page.get_by_role("button", name="Ada Agent").click()
    pressed = page.get_by_role("button", name=switch).get_attribute("aria-pressed")
    page.get_by_role("button", name=switch).click()
    expect(page.get_by_role("button", name=switch)).to_have_attribute(
        "aria-pressed", "false" if pressed == "true" else "true"
    )
    visitor_says(chat, "Silently")

    expect(bodies(page)).to_have_count(2)
    assert rings([page]) == 0


def test_open_chat_that_is_looked_at_is_read_everywhere(at_desk, start, account, agent):  # noqa: F811
    context, chat = at_desk(agent), own_chat(start, account, agent)
    listing = opened(context)
    expect(listing).to_have_title("(1) Chats · Lethe")

    opened(context, chat)

    expect(listing).to_have_title("Chats · Lethe")
    expect(listing.locator(".is-unread")).to_have_count(0)
    chat.refresh_from_db()
    assert chat.agent_seen_seq == 2


def test_chat_in_a_tab_that_is_not_looked_at_stays_unread(at_desk, start, account, agent):  # noqa: F811
    context, chat = at_desk(agent), own_chat(start, account, agent)
    page = opened(context, chat)
    expect(page).to_have_title("Vera · Lethe")
    page.locator("h1").click()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    context.new_page().bring_to_front()

    visitor_says(chat, "Psst")

    expect(page).to_have_title("(1) Vera · Lethe")
    assert rings([page]) == 1
    devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
    page.bring_to_front()
    expect(page).to_have_title("Vera · Lethe")


def test_unread_of_another_own_chat_is_counted(at_desk, start, account, agent):  # noqa: F811
    one, two = own_chat(start, account, agent), own_chat(start, account, agent)
    page = opened(at_desk(agent), one)

    visitor_says(two, "Are you there?")

    line = page.locator(f"#line-{two.pk}")
    expect(line).to_contain_text("Are you there?")
    expect(line.locator(".count")).to_have_text("2 unread")


def test_of_two_agents_the_slower_sees_who_answers(at_desk, start, account, agent, teammate):  # noqa: F811
    chat = start(account).conversation
    quick, slow = opened(at_desk(agent), chat), opened(at_desk(teammate), chat)

    quick.get_by_role("button", name="Accept").click()

    expect(slow.get_by_text("Ada Agent answers this chat.")).to_be_visible()
    expect(slow.get_by_role("button", name="Accept")).to_have_count(0)
    expect(box(quick)).to_be_focused()


def test_typing_of_the_visitor_is_shown_until_the_message(at_desk, start, account, agent, web):  # noqa: F811
    started = start(account)
    chat = accept_chat(conversation=started.conversation, agent=agent)
    page = opened(at_desk(agent), chat)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "open")

    assert visitor_posts(web, account, started, "typing") == 204

    expect(page.get_by_text("The visitor is typing…")).to_be_visible()
    visitor_says(chat, "Here it is")
    expect(page.get_by_text("The visitor is typing…")).to_be_hidden()


def test_visitor_ends_and_the_words_leave_the_screen(at_desk, start, account, agent, web):  # noqa: F811
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    started = start(account)
    chat = accept_chat(conversation=started.conversation, agent=agent)
    page = opened(at_desk(agent), chat)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "open")

    assert visitor_posts(web, account, started, "end") == 200

    expect(page.get_by_text("This chat has ended and was erased.")).to_be_visible()
    expect(page.get_by_text("Where is my order?")).to_have_count(0)
    expect(page.get_by_text("Vera")).to_have_count(0)
    expect(page).to_have_title("Erased chat")
    expect(page.get_by_role("link", name="Back to the chats")).to_be_focused()


def test_visitor_ends_and_the_page_says_until_when_it_is_kept(at_desk, start, account, agent):  # noqa: F811
    chat = own_chat(start, account, agent)
    page = opened(at_desk(agent), chat)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "open")

    end_chat(conversation=chat, side=Conversation.Side.VISITOR)

    expect(page.get_by_text("The visitor ended this chat.")).to_be_visible()
    expect(box(page)).to_have_count(0)
    expect(bodies(page)).to_have_text(["Where is my order?"])


def test_too_long_message_is_refused_beside_the_field_and_stays(at_desk, start, account, agent):  # noqa: F811
    page = opened(at_desk(agent), own_chat(start, account, agent))

    box(page).fill("x" * 4001)
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#message-errors")).to_contain_text("at most 4000 characters")
    expect(box(page)).to_have_value("x" * 4001)
    expect(box(page)).to_have_attribute("aria-invalid", "true")
    expect(box(page)).to_be_focused()


def lose_the_answer(route: Route) -> None:
    if route.request.method == "POST":
        route.fetch()
        route.abort()
    else:
        route.continue_()


def test_message_whose_answer_was_lost_is_said_once(at_desk, start, account, agent):  # noqa: F811
    chat = own_chat(start, account, agent)
    page = opened(at_desk(agent), chat)

    page.route("**/messages/**", lose_the_answer)
    box(page).fill("Only once")
    box(page).press("Enter")
    expect(page.locator("#message-errors")).to_contain_text("could not be sent")
    expect(box(page)).to_have_value("Only once")
    page.unroute_all(behavior="wait")
    box(page).press("Enter")

    expect(box(page)).to_have_value("")
    expect(bodies(page)).to_have_text(["Where is my order?", "Only once"])
    assert chat.messages.filter(kind="text", side="agent").count() == 1


def test_words_that_were_changed_after_a_lost_answer_are_said_too(at_desk, start, account, agent):  # noqa: F811
    chat = own_chat(start, account, agent)
    page = opened(at_desk(agent), chat)

    page.route("**/messages/**", lose_the_answer)
    box(page).fill("First")
    box(page).press("Enter")
    expect(page.locator("#message-errors")).to_contain_text("could not be sent")
    page.unroute_all(behavior="wait")
    box(page).fill("First, and more")
    box(page).press("Enter")

    expect(bodies(page)).to_have_text(["Where is my order?", "First", "First, and more"])


def test_nothing_is_lost_while_offline(at_desk, start, account, agent):  # noqa: F811
    context, chat = at_desk(agent), own_chat(start, account, agent)
    page = opened(context, chat)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "open")

    page.evaluate("document.querySelector('live-stream').setAttribute('src', '/nowhere-to-hear-from/?')")
    visitor_says(chat, "Said meanwhile")
    page.evaluate("document.querySelector('live-stream').setAttribute('src', '/stream/agent/')")

    expect(bodies(page)).to_have_text(["Where is my order?", "Said meanwhile"])


def test_signing_out_elsewhere_is_told_and_the_draft_stays(at_desk, start, account, agent):  # noqa: F811
    context, chat = at_desk(agent), own_chat(start, account, agent)
    page, other = opened(context, chat), opened(context)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "open")
    box(page).fill("A draft")

    other.get_by_role("button", name="Ada Agent").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    other.wait_for_timeout(1_100)  # streams are checked once a second at most
    visitor_says(chat, "Is anybody there?")

    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    box(page).press("Enter")
    expect(page.locator("#message-errors")).to_contain_text("You are signed out.")
    expect(box(page)).to_have_value("A draft")


def test_everything_works_without_script(at_desk, start, account, agent):  # noqa: F811
    chat = start(account).conversation
    page = at_desk(agent, java_script_enabled=False).new_page()
    page.goto("/agent/chats/")

    page.get_by_role("button", name="Accept").click()
    box(page).fill("Plain words")
    page.get_by_role("button", name="Send").click()
    expect(bodies(page)).to_have_text(["Where is my order?", "Plain words"])
    page.get_by_role("button", name="Close chat").click()
    page.get_by_role("dialog").get_by_role("button", name="Close chat").click()

    expect(page.get_by_text("The chat is closed.")).to_be_visible()
    chat.refresh_from_db()
    assert chat.status == "closed"


def test_pages_fit_a_small_screen(at_desk, start, account, agent):  # noqa: F811
    chat = own_chat(start, account, agent)
    context = at_desk(agent, viewport={"width": 360, "height": 640})

    for page in (opened(context), opened(context, chat)):
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.get_by_role("link", name="Back to the list")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport()
