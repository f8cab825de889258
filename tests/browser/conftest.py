"""The browser of the browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

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
