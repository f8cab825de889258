"""Every page that visitors see, in both themes: WCAG 2.2 AA by axe-core, no scrolling sideways at 400 %."""

import pytest
from playwright.sync_api import Page, expect

from chat.demo import DEMO_ID
from chat.services.conversations import end_chat
from chat.services.secure import ask_for_value
from helpdesk.brand import sheet_address
from helpdesk.logos import logo_from
from helpdesk.services.logos import keep_logo
from helpdesk.services.tickets import close_ticket
from helpdesk.ticket_links import link_of
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.browser.accessible import chat_frame, check
from tests.browser.shop import agent_joins, agent_says, begin, box, frame, launcher, said, the_chat
from tests.helpdesk.test_logos import file_of, picture
from tests.helpdesk.tickets import opened, requester_of, thread_of

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


# A page with a field without a label, two targets too near, a text too faint in the dark, and a wide thing.
FAULTY = """<!doctype html><html lang="en"><title>Faulty</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<main><h1 style="color: light-dark(#000, #333); background: light-dark(#fff, #222)">Faulty</h1>
<input><button>a</button><button>b</button>
<div style="width: 600px">Wide</div></main></html>"""


def brand(account, colour: str) -> None:
    account.brand_colour = colour
    account.logo_mark = keep_logo(account=account, logo=logo_from(file_of(picture(), "PNG")))
    account.save()


def test_chat_from_the_launcher_to_its_end(shop, agent):
    brand(shop.account, "#ffcc00")
    factories.policy(shop.account, Category.CHAT, rule=Rule.AT_ONCE)
    page = shop.visit()
    check(page)

    launcher(page).click()
    chat = frame(page)
    chat.get_by_role("button", name="Start chat").click()
    expect(chat.get_by_role("alert")).to_be_focused()
    check(page)
    check(page, chat_frame(page))
    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Start chat").click()
    expect(chat.get_by_text("You are next.")).to_be_visible()
    check(page, chat_frame(page))

    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_role("heading", name="Leave a message")).to_be_focused()
    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_role("alert").first).to_be_focused()
    check(page, chat_frame(page))
    chat.get_by_role("button", name="Back to the chat").click()

    agent_joins(agent)
    agent_says(agent, "Good morning")
    expect(said(chat)).to_have_text(["Good morning"])
    ask_for_value(conversation=the_chat(), agent=agent, label="Customer number", why="To find you")
    expect(chat.get_by_label("Customer number")).to_be_visible()
    chat.get_by_text("My consent").click()
    box(chat).press("Enter")
    chat.locator(
        "[data-slot]:is([data-slot=typing], [data-slot=connection], [data-slot=stays])"
    ).evaluate_all("lines => lines.forEach((line) => { line.hidden = false; line.append('Some words'); })")
    check(page, chat_frame(page))
    chat.get_by_role("button", name="End chat").click()
    check(page, chat_frame(page))
    chat.get_by_role("dialog").get_by_role("button", name="End chat").click()
    expect(chat.get_by_role("heading", name="Erased")).to_be_focused()
    check(page, chat_frame(page))


def test_chat_that_the_agent_ends_and_what_comes_after(shop, agent):
    page = shop.visit()
    chat = begin(page)
    agent_joins(agent)
    end_chat(conversation=the_chat(), side="agent")
    expect(chat.get_by_role("heading", name="This chat is over")).to_be_visible(timeout=15_000)
    check(page, chat_frame(page))

    chat.get_by_label("4").check()
    chat.get_by_role("button", name="Send rating").click()
    expect(chat.get_by_text("Thank you, your rating is counted.")).to_be_focused()
    check(page, chat_frame(page))
    shop.account.is_active = False
    shop.account.save()
    page.reload()
    launcher(page).click()
    expect(chat.get_by_text("It comes back here")).to_be_visible()
    check(page, chat_frame(page))


def test_message_that_is_left(shop):
    page = shop.visit()
    chat = begin(page)
    chat.get_by_role("button", name="Leave a message").click()
    chat.get_by_label("Email").fill("vera@mail.example")
    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_role("heading", name="Your message is with us")).to_be_focused()

    check(page, chat_frame(page))


@pytest.fixture
def page(browser, live_server, settings) -> Page:
    settings.LETHE_BASE_URL = settings.LETHE_EMBED_URL = settings.LETHE_DEMO_ORIGIN = live_server.url
    settings.LETHE_DEMO = True
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(8_000)
    requests = []
    context.on("request", lambda request: requests.append(request.url))
    yield context.new_page()
    context.close()
    assert [url for url in requests if not url.startswith(f"{live_server.url}/")] == []


def test_faults_are_found(page):
    page.set_content(FAULTY)

    with pytest.raises(AssertionError) as found:
        check(page)

    faults = list(dict.fromkeys(line.split(":")[0] for line in str(found.value).splitlines()))
    assert faults == ["label", "target-size", "dark color-contrast", "sideways"]


@pytest.mark.parametrize(
    ("colour", "addresses"),
    [("", ["tickets/new"]), ("#b3122b", ["tickets/sent", "privacy", "chat", "tickets/new"])],
    ids=["ours", "branded"],
)
def test_pages_of_an_account(page, account, colour, addresses):
    if colour:
        brand(account, colour)

    for address in addresses:
        page.goto(f"/{address}/{account.public_id}/")
        assert page.locator(f'link[href="{sheet_address(account)}"]').count() == bool(colour)
        check(page)
    page.get_by_role("button", name="Send ticket").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page)


def test_thread_of_a_ticket_until_it_is_erased(page, account, agent):
    brand(account, "#ffffff")
    ticket = opened(account, subject="Unbreakable" * 15, message="x" * 400)
    page.goto(link_of(requester_of(ticket)))
    page.wait_for_url(f"**{thread_of(ticket)}")
    check(page)

    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page)
    page.goto("/tickets/withdraw/")
    check(page)
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    close_ticket(ticket=ticket, by=agent)
    page.goto(thread_of(ticket))
    expect(page.get_by_role("heading", level=1)).to_have_text("This conversation was erased")
    check(page)


def test_pages_that_say_why_there_is_nothing(page, account):
    ticket = opened(account)
    page.goto(thread_of(ticket))
    expect(page.get_by_role("heading", level=1)).to_have_text("Please open the link again")
    check(page)
    page.goto("/tickets/open/")
    check(page)
    page.get_by_label("Link from the mail").fill("https://help.example/tickets/open/#nothing")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.context.clear_cookies()
    page.get_by_label("Link from the mail").fill("nothing")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This form has expired")
    check(page)
    page.goto("/no/such/page/")
    check(page)


def test_demonstration_with_the_launcher(page, db):
    factories.account(name="Moss & Kettle", public_id=DEMO_ID)

    for address in ("/", "/demo/", "/demo/delivery/"):
        page.goto(address)
        if "demo" in address:
            launcher(page).wait_for()
        check(page)
