"""An account manager at the keyboard, under the strict policy of the pages."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from helpdesk.admin.accounts import TABS
from privacy.models import RetentionPolicy
from privacy.terms import Rule, Term, Unit
from tests.chat.conftest import session_of  # noqa: F401
from tests.chat.web_process import WebProcess

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
]


@pytest.fixture
def web(transactional_db) -> Iterator[WebProcess]:
    """A process for each test: the admin remembers ids of content types, which a flush gives out anew."""
    process = WebProcess()
    yield process
    process.stop()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: scripts or styles that the policy refuses, errors, missing files."""
    return []


@pytest.fixture
def page(browser: Browser, web, session_of, manager, complaints) -> Iterator[Page]:  # noqa: F811
    base = f"http://127.0.0.1:{web.port}"
    context = browser.new_context(base_url=base, viewport={"width": 1100, "height": 800})
    context.set_default_timeout(8_000)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(manager).session_key, "url": base}
    context.add_cookies([cookie])
    page = context.new_page()
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def open_settings(page: Page, account, tab: str) -> None:
    page.goto(f"/admin/helpdesk/account/{account.pk}/change/")
    page.get_by_role("tab", name="Profile").focus()
    while page.evaluate("document.activeElement.textContent") != tab:
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel")).to_have_count(1)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.labels?.[0]?.textContent.trim()") == name:
            return
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    pytest.fail(f"No way by keyboard to {name}.")


def open_rule(page: Page, category: str) -> None:
    """Press Tab until the row of a category has the focus, and open it with Enter."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            "document.activeElement.matches('summary') && document.activeElement.parentNode.id"
        ) == (f"rule-{category}"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"No way by keyboard to {category}.")


def test_manager_switches_retention_by_keyboard(page, account, complaints):
    open_settings(page, account, "Retention")

    open_rule(page, "chat")
    tab_to(page, "After some time")  # the chosen one of the chats
    tab_to(page, "How long")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    tab_to(page, "Unit")
    page.keyboard.type("weeks")
    expect(page.locator("#told-chat")).to_contain_text("Erased 3 weeks after it is closed")
    expect(page.get_by_label("Weekday").first).to_be_hidden()
    tab_to(page, "Save")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Saved. It counts from now on.")
    expect(page.get_by_role("tab", name="Retention")).to_have_attribute("aria-selected", "true")
    assert RetentionPolicy.objects.get(account=account, category="chat").term == Term(
        Rule.AFTER, 3, Unit.WEEKS
    )
    assert complaints == []


def test_manager_adds_a_network_by_keyboard_and_is_not_locked_out(page, account, complaints):
    open_settings(page, account, "IP allowlist")
    expect(page.locator("#present-address")).to_contain_text("You are here from 127.0.0.1")

    tab_to(page, "Only these addresses")
    page.keyboard.press("Space")
    tab_to(page, "Address or network")
    page.keyboard.type("203.0.113.0/24")
    page.keyboard.press("Enter")
    summary = page.get_by_role("alert").first
    expect(summary).to_contain_text("your address 127.0.0.1 is in none of its networks")
    expect(summary).to_be_focused()
    assert account.allowed_networks.count() == 0

    expect(page.get_by_label("Address or network").first).to_have_value("203.0.113.0/24")
    tab_to(page, "Address or network")
    tab_to(page, "Address or network")
    page.keyboard.type("127.0.0.1")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Saved. It counts from now on.")
    account.refresh_from_db()
    assert account.allowlist_enabled
    networks = sorted(account.allowed_networks.values_list("network", flat=True))
    assert networks == ["127.0.0.1/32", "203.0.113.0/24"]
    assert complaints == []


def test_link_of_an_error_leads_into_its_tab_and_its_row(page, account):
    open_settings(page, account, "Retention")
    page.locator("#rule-chat > summary").click()
    page.locator("#id_chat_amount").fill("0")
    page.get_by_role("tab", name="Profile").click()
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("alert").first.get_by_role("link", name="Chat transcripts, How long").click()

    expect(page.get_by_role("tab", name="Retention")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#id_chat_amount")).to_be_focused()
    expect(page.locator("#id_chat_amount")).to_have_value("0")


def test_notice_is_shown_as_visitors_will_see_it_while_typing(page, account):
    open_settings(page, account, "Consent")

    page.locator("#id_consent_mechanism").select_option("billboard")
    words = page.get_by_role("group", name="Message in the window").get_by_label("English")
    words.fill("Yes, <i>please</i>.")

    expect(page.locator(".preview")).to_contain_text("Yes, <i>please</i>.")


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_and_nothing_is_refused(page, account, agent, width, complaints):
    page.set_viewport_size({"width": width, "height": 800})
    paths = [
        "/admin/",
        f"/admin/helpdesk/account/{account.pk}/change/",
        f"/admin/helpdesk/account/{account.pk}/history/",
        "/admin/helpdesk/account/",
        "/admin/helpdesk/user/",
        "/admin/helpdesk/user/add/",
        f"/admin/helpdesk/user/{agent.pk}/change/",
        "/admin/lock-outs/",
        "/admin/privacy/ledgerentry/",
        "/admin/privacy/consentrecord/",
        "/admin/privacy/dailycount/",
    ]

    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    assert complaints == []


def test_settings_stand_one_below_the_other_without_script(browser, web, session_of, manager, account):  # noqa: F811
    base = f"http://127.0.0.1:{web.port}"
    context = browser.new_context(base_url=base, java_script_enabled=False)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(manager).session_key, "url": base}
    context.add_cookies([cookie])
    page = context.new_page()

    page.goto(f"/admin/helpdesk/account/{account.pk}/change/")
    page.get_by_label("Name", exact=True).fill("Brambles")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Brambles")
    expect(page.locator(".panel")).to_have_count(len(TABS))
    assert [panel.is_visible() for panel in page.locator(".panel").all()] == [True] * len(TABS)
    context.close()
