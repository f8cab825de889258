"""What the chat is to the page around it: two lines of policy, nothing stored, and nobody to wait for."""

import re
import socket
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import HTML, begin, frame, kept, launcher, said
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/embedding.md"
SOON = 2_000  # milliseconds, for a page of one small file
# What was stored under an origin, of whatever kind, by the browser's own books.
KINDS_STORED = """
    JSON.stringify([document.cookie, sessionStorage.length, localStorage.length,
      (await indexedDB.databases()).length])
"""
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  return { read: page.domContentLoadedEventEnd, loaded: page.loadEventEnd };
}"""


def documented_policy(helpdesk: str) -> list[str]:
    """Return the lines that the documentation asks a strict site to add."""
    [block] = re.findall(r"```\n(script-src .*?)```", DOCUMENT.read_text(), re.DOTALL)
    return block.replace("https://help.example", helpdesk).splitlines()


def documented_import(address: str) -> str:
    """Return the line for a site's own script, with the address of a loader."""
    [line] = re.findall(r"```js\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)
    return re.sub(r"https://help\.example/embed/\w+\.js", address, line)


def stored(page: Page, origin: str) -> dict:
    """Return what the browser says is stored for an origin, kind by kind, where it is anything."""
    session = page.context.new_cdp_session(page)
    usage = session.send("Storage.getUsageAndQuota", {"origin": origin})
    return {kind["storageType"]: kind["usage"] for kind in usage["usageBreakdown"] if kind["usage"]}


def times(page: Page) -> dict[str, float]:
    return page.evaluate(TIMES)


# Policy


def test_two_documented_lines_are_all_that_a_strict_site_needs(shop):
    lines = documented_policy(shop.helpdesk)
    assert len(lines) == 2
    shop.server.policy = "default-src 'none'; " + " ".join(lines)

    chat = begin(shop.visit())

    expect(said(chat)).to_have_text(["Where is my order?"])


@pytest.mark.parametrize("missing", [0, 1])
def test_each_of_the_two_lines_is_needed(shop, missing):
    lines = documented_policy(shop.helpdesk)
    del lines[missing]
    shop.server.policy = "default-src 'none'; " + " ".join(lines)
    page = shop.context.new_page()

    page.goto(f"{shop.origin}/shop/")
    if missing == 1:
        launcher(page).click()
        page.wait_for_timeout(300)

    assert len(shop.complaints) == 1
    assert "Content Security Policy" in shop.complaints.pop()


# Storage and requests


def test_nothing_is_stored_anywhere_before_the_visitor_acts(shop):
    answers = []

    def note(answer) -> None:
        answers.append(answer)

    shop.context.on("response", note)
    page = shop.visit()
    before = list(shop.requests)
    launcher(page).click()
    chat = frame(page)
    expect(chat.get_by_role("button", name="Start chat")).to_be_enabled()

    assert before == [f"{shop.origin}/shop/", f"{shop.helpdesk}/embed/{shop.account.public_id}.js"]
    assert [answer.url for answer in answers if "set-cookie" in answer.all_headers()] == []
    assert shop.context.cookies() == []
    assert stored(page, shop.origin) == stored(page, shop.helpdesk) == {}
    assert page.evaluate(f"async () => {KINDS_STORED}") == '["",0,0,0]'
    assert shop.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}

    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Start chat").click()
    chat.get_by_role("log", name="Conversation").wait_for()
    assert list(kept(page)) == [f"lethe:{shop.account.public_id}"]
    assert page.evaluate(f"async () => {KINDS_STORED}") == '["",1,0,0]'
    assert shop.context.cookies() == []


# A helpdesk that is down, slow or wrong


@pytest.fixture
def silent():
    """A port that takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def accept() -> None:
        while True:
            try:
                accepted.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()
    for connection in accepted:
        connection.close()


def move(shop, port: int) -> None:
    """Let the shop's page ask a helpdesk at another port."""
    before, shop.helpdesk = shop.helpdesk, f"http://127.0.0.1:{port}"
    shop.server.page = HTML.format(shop.helpdesk, shop.account.public_id).encode()
    shop.server.policy = shop.server.policy.replace(before, shop.helpdesk)


def from_port(shop, port: int) -> Page:
    move(shop, port)
    page = shop.context.new_page()
    page.goto(f"{shop.origin}/shop/", wait_until="domcontentloaded")
    return page


def test_page_does_not_notice_a_helpdesk_that_is_down(shop):
    page = from_port(shop, free_port())
    page.wait_for_load_state("load")

    assert times(page)["loaded"] < SOON
    assert all("Failed to load resource" in text for text in shop.complaints)
    assert len(shop.complaints) == 1
    assert page.locator("[id^=lethe-chat]").count() == 0
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**/two/")


def test_page_is_read_and_used_while_a_helpdesk_does_not_answer(shop, silent):
    page = from_port(shop, silent)
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**/two/", wait_until="domcontentloaded")

    assert 0 < times(page)["read"] < SOON
    assert shop.complaints == []


def with_own_script(shop) -> Page:
    """Open the shop with the documented line in a script of its own, instead of the loader in its HTML."""
    own = f'<script src="{shop.origin}/own.js" async></script>'
    shop.server.page = re.sub(rb"<script.*?</script>", own.encode(), shop.server.page)
    shop.server.policy = shop.server.policy.replace("script-src ", f"script-src {shop.origin} ")
    line = documented_import(f"{shop.helpdesk}/embed/{shop.account.public_id}.js")
    shop.context.route("**/own.js", lambda r: r.fulfill(body=line, content_type="text/javascript"))
    page = shop.context.new_page()
    page.goto(f"{shop.origin}/shop/", wait_until="load", timeout=SOON)
    return page


def test_even_the_load_event_waits_for_nobody_where_the_site_loads_the_chat_itself(shop, silent):
    move(shop, silent)

    with shop.context.expect_event("request", lambda request: "/embed/" in request.url):
        page = with_own_script(shop)

    assert 0 < times(page)["loaded"] < SOON
    assert shop.complaints == []


def test_chat_that_the_site_loads_itself_is_the_same(shop):
    page = with_own_script(shop)

    expect(said(begin(page))).to_have_text(["Where is my order?"])


@pytest.mark.parametrize(
    "sabotage",
    [
        "Element.prototype.attachShadow = () => { throw new Error('no shadow'); }",
        "delete window.CSSStyleSheet",
        "Object.entries = () => { throw new Error('no entries'); }",
    ],
)
def test_mistake_at_the_start_stays_in_the_loader(shop, sabotage):
    shop.context.add_init_script(f"if (location.pathname.startsWith('/shop/')) {{ {sabotage} }}")
    page = shop.context.new_page()
    page.goto(f"{shop.origin}/shop/")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")

    assert launcher(page).count() == 0
    assert shop.complaints == []


def test_mistake_at_a_click_stays_in_the_loader(shop):
    page = shop.visit()
    page.evaluate("() => { HTMLElement.prototype.focus = () => { throw new Error('no focus'); }; }")

    launcher(page).click()
    page.get_by_role("button", name="Hide the chat").click()

    expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    assert shop.complaints == []
