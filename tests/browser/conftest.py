"""The browser of the browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.shop import Shop
from tests.chat.conftest import shared_web, web  # noqa: F401
from tests.chromium import find_chromium

# Chromium as root needs no sandbox; the others keep it from looking for servers of its maker.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(django_db_setup) -> Iterator[Browser]:
    # The databases come first: Playwright keeps an event loop in this thread, beside which Django makes none.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", autouse=True)
def _beside_playwright():
    """Playwright keeps an event loop in this thread, which Django would take for a coroutine of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def shop(browser, web, account):  # noqa: F811
    shop = Shop(browser, web.port, account)
    yield shop
    assert shop.close() == []
