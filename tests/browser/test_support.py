"""Support access by keyboard, from the owner's grant to its end, which takes the words off the screen."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from helpdesk.models import SupportGrant, SupportOpening
from helpdesk.services.support import end_support
from tests.chat.conftest import session_of, shared_web  # noqa: F401
from tests.chat.web_process import WebProcess
from tests.helpdesk.support import REASON, granted, list_of, ticket_with_file

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
]

LONG_ENOUGH = 20_000  # milliseconds, until an open page has asked again


@pytest.fixture
def web(transactional_db) -> Iterator[WebProcess]:
    """A process for each test: the admin remembers ids of content types, which a flush gives out anew."""
    process = WebProcess()
    yield process
    process.stop()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of, but for answers that are meant to be refusals."""
    return []


@pytest.fixture
def page_of(browser: Browser, web, session_of, complaints) -> Iterator[Callable[..., Page]]:  # noqa: F811
    """Return a function that gives somebody a page of a browser of their own, signed in."""
    contexts, base = [], f"http://127.0.0.1:{web.port}"

    def open_page(user, **options) -> Page:
        context = browser.new_context(base_url=base, **options)
        context.set_default_timeout(8_000)
        key = session_of(user).session_key
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": base}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is labelled, or says, this has the focus."""
    for _press in range(60):
        page.keyboard.press("Tab")
        name = "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"
        if page.evaluate(f"({name}).trim()").startswith(wanted):
            return
    pytest.fail(f"No way by keyboard to {wanted}.")


def test_owner_grants_and_ends_by_keyboard(page_of, owner, manager, complaints):
    page = page_of(owner)
    page.goto("/agent/support/")

    tab_to(page, "Who may read")
    page.keyboard.type(manager.name)
    tab_to(page, "1 hour")
    page.keyboard.press("ArrowDown")
    tab_to(page, "What for")
    page.keyboard.type(REASON)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Granted.")
    grant = SupportGrant.objects.get()
    assert (grant.user, grant.reason, grant.with_files) == (manager, REASON, False)
    assert (grant.until - grant.created_at).total_seconds() == 4 * 3600

    tab_to(page, "End now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Ended")

    assert not SupportGrant.objects.in_force().exists()
    assert complaints == []


def test_reader_goes_from_the_header_to_the_words_and_saves_a_file(
    page_of, account, owner, manager, complaints
):
    ticket_with_file(account)
    granted(account, manager, owner, with_files=True)
    page = page_of(manager)
    page.goto("/admin/")

    page.get_by_role("link", name="Support access").click()
    page.get_by_role("link", name="Chats and tickets").click()
    expect(page.get_by_role("heading", name=account.name)).to_be_visible()
    page.get_by_role("link", name="Tickets").click()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("region", name="Conversation")).to_contain_text("Page nine is torn.")
    with page.expect_download() as saved:
        page.get_by_role("button", name="heron.pdf").click()

    assert saved.value.suggested_filename == "heron.pdf"
    assert SupportOpening.objects.count() == 2
    assert complaints == []


def test_end_takes_the_words_off_an_open_page(page_of, account, owner, manager, complaints):
    ticket_with_file(account)
    grant = granted(account, manager, owner)
    page = page_of(manager, viewport={"width": 360, "height": 740})
    page.clock.install()
    page.goto(f"{list_of(grant)}?kind=ticket")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Torn heron")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    page.clock.fast_forward(LONG_ENOUGH)
    expect(page.get_by_role("heading", name="Torn heron")).to_be_visible()
    end_support(grant=grant, by=owner)
    page.clock.fast_forward(LONG_ENOUGH)

    expect(page.get_by_role("alert")).to_contain_text("Support access has ended")
    assert "heron" not in page.content().lower()
    assert [said for said in complaints if "404" not in said] == []


def test_page_stays_while_the_network_is_away(page_of, account, owner, manager):
    ticket_with_file(account)
    grant = granted(account, manager, owner)
    page = page_of(manager)
    page.clock.install()
    page.goto(f"{list_of(grant)}?kind=ticket")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Torn heron")).to_be_visible()

    page.context.set_offline(True)
    page.clock.fast_forward(LONG_ENOUGH)
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="Torn heron")).to_be_visible()
    end_support(grant=grant, by=owner)
    page.clock.fast_forward(LONG_ENOUGH)
    expect(page.get_by_role("alert")).to_contain_text("Support access has ended")
