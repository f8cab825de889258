"""Tickets in a real browser: the form, the link, the thread, the agents' pages."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from helpdesk.models import OutgoingMail, Ticket
from helpdesk.services.tickets import reply_ticket
from helpdesk.ticket_links import link_of
from privacy.categories import Category
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import form_of, opened, requester_of, thread_of

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server, settings) -> str:
    settings.LETHE_BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def visit(browser: Browser, site):
    """Return a function that opens a browser of somebody; at the end no page may have complained."""
    contexts, complaints = [], []

    def note(line: ConsoleMessage) -> None:
        # A refused form is an answer of its own kind, and this server has no streams.
        if line.type == "error" and "422" not in line.text and "/stream/" not in line.location["url"]:
            complaints.append(f"{line.text} {line.location['url']}")

    def open_browser(**options) -> Page:
        context: BrowserContext = browser.new_context(base_url=site, **options)
        contexts.append(context)
        context.set_default_timeout(8_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", note)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, user) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/agent/**")


def link_in_newest_mail() -> str:
    return re.search(r"http\S+#\S+", OutgoingMail.objects.order_by("-created_at")[0].body).group()


def test_ticket_from_the_form_to_the_answer(visit, account, agent):
    visitor, desk = visit(), visit()

    visitor.goto(form_of(account))
    visitor.get_by_label("Email").fill("vera@mail.example")
    visitor.get_by_label("Subject").fill("Torn page")
    visitor.get_by_role("textbox", name="Message").fill("Page nine is torn.")
    visitor.get_by_role("button", name="Send ticket").click()
    expect(visitor.get_by_role("alert")).to_be_focused()
    expect(visitor.get_by_role("textbox", name="Message")).to_have_value("Page nine is torn.")
    assert Ticket.objects.count() == 0
    visitor.get_by_role("checkbox").check()
    visitor.get_by_role("button", name="Send ticket").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you, your ticket has arrived")
    assert visitor.context.cookies() == []

    sign_in(desk, agent)
    desk.get_by_role("link", name="Tickets", exact=True).click()
    desk.get_by_role("link", name="Torn page").click()
    desk.get_by_role("textbox", name="Reply").fill("A new copy is on its way.")
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(desk.get_by_text("A new copy is on its way.")).to_be_visible()
    desk.get_by_role("button", name="Close ticket").click()
    expect(desk.get_by_text("Will be erased on").first).to_be_visible()
    assert Ticket.objects.get().closed_at is not None

    visitor.goto(link_in_newest_mail())
    expect(visitor.get_by_text("A new copy is on its way.")).to_be_visible()
    visitor.get_by_label("Your answer").fill("It came, thank you.")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("It came, thank you.")).to_be_visible()
    assert Ticket.objects.get().status == Ticket.Status.OPEN


def test_token_of_the_link_reaches_no_address(visit, account):
    ticket = opened(account)
    link = link_of(requester_of(ticket))
    token = link.partition("#")[2]
    page, addresses = visit(), []
    page.on("request", lambda request: addresses.append((request.url, request.headers.get("referer", ""))))

    page.goto(link)
    page.wait_for_url(f"**{thread_of(ticket)}")
    page.go_back()

    assert page.url == "about:blank"  # the page of the link left no place to come back to
    # The navigation itself is reported with its fragment; the browser keeps that to itself.
    assert [line for line in addresses[1:] if token in "".join(line)] == []


def test_link_works_without_javascript(visit, account):
    ticket = opened(account)
    link = link_of(requester_of(ticket))
    page = visit(java_script_enabled=False)

    page.goto(link)
    page.get_by_label("Link from the mail").fill(link)
    page.get_by_role("button", name="Open").click()

    expect(page.get_by_text("Page nine is torn.")).to_be_visible()
    page.get_by_label("Your answer").fill("Still torn.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Still torn.")).to_be_visible()


@pytest.mark.parametrize("with_script", [True, False])
def test_closing_that_erases_asks_in_a_dialog(visit, account, agent, with_script):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account)
    desk = visit(java_script_enabled=with_script)
    sign_in(desk, agent)
    desk.goto(f"/agent/tickets/{ticket.pk}/")

    desk.get_by_role("button", name="Close ticket").click()
    expect(desk.get_by_role("dialog")).to_contain_text("Close and erase this ticket?")
    desk.get_by_role("button", name="Close and erase").click()

    expect(desk.get_by_text(f"Ticket #{ticket.number} is erased.")).to_be_visible()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_on_a_phone(visit, account, agent, scheme):
    ticket = opened(account, subject="Unbreakable" * 15, message="x" * 400)
    reply_ticket(ticket=ticket, agent=agent, body="y" * 400)
    phone = visit(viewport={"width": 360, "height": 740}, color_scheme=scheme)

    def fits(address: str) -> bool:
        phone.goto(address)
        return phone.evaluate("document.documentElement.scrollWidth <= 360")

    assert fits(form_of(account))
    assert fits(f"/privacy/{account.public_id}/")
    phone.goto(link_of(requester_of(ticket)))
    phone.wait_for_url(f"**{thread_of(ticket)}")
    assert fits(thread_of(ticket))
    sign_in(phone, agent)
    assert fits("/agent/tickets/?status=all")
    assert fits(f"/agent/tickets/{ticket.pk}/")


@pytest.mark.parametrize("with_script", [True, False])
def test_supervisor_holds_a_ticket_and_lets_it_go(visit, account, supervisor, with_script):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    ticket = opened(account)
    page, requester = visit(java_script_enabled=with_script), visit()
    sign_in(page, supervisor)

    page.goto(f"/agent/tickets/{ticket.pk}/")
    page.get_by_role("link", name="Why?").click()
    page.get_by_role("button", name="Place the hold").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Reason", exact=True).press_sequentially("Claim of March")
    page.keyboard.press("Enter")
    expect(page.get_by_text("on hold since")).to_be_visible()

    page.get_by_role("link", name=f"Ticket #{ticket.number}").click()
    page.get_by_role("button", name="Close ticket").click()
    expect(page.get_by_text("On hold: kept until the hold is released")).to_be_visible()
    requester.goto(link_of(requester_of(ticket)))
    expect(requester.get_by_text("Kept for legal reasons for now")).to_be_visible()

    page.get_by_role("link", name="Why?").click()
    page.get_by_label("Reason for the release").fill("Settled")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("The hold is released, and what was due is erased.")).to_be_visible()
    assert not Ticket.objects.exists()
