"""An account manager asks for proof, prints it and takes it along."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_admin import complaints, page, tab_to, web  # noqa: F401
from tests.chat.conftest import session_of  # noqa: F401
from tests.privacy.runs import run_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
]


def test_manager_proves_an_erasure_by_keyboard(page: Page, account, complaints):  # noqa: F811
    run = run_of(account, chats=2)
    page.goto("/admin/evidence/")

    tab_to(page, "Number of a receipt, or id of a chat, ticket or contact")
    page.keyboard.type(str(run.seq))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Yes, and it is proven")).to_be_in_viewport()
    tab_to(page, f"Receipt {run.seq}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Receipt {run.seq}")
    assert complaints == []


def test_receipt_is_downloaded_as_json_and_as_a_page_that_stands_alone(page: Page, account, complaints):  # noqa: F811
    run = run_of(account, chats=2)
    page.goto(f"/admin/evidence/receipts/{run.seq}/")
    kept = {}

    for form in ("JSON", "HTML"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {form}").click()
        kept[form] = Path(download.value.path())

    assert json.loads(kept["JSON"].read_text())["summary"]["counts"] == {"chat": 2}
    alone = page.context.new_page()
    alone.set_content(kept["HTML"].read_text())
    expect(alone.get_by_role("heading", level=1)).to_have_text(f"Receipt {run.seq}")
    assert alone.locator("main").evaluate("each => getComputedStyle(each).borderTopWidth") == "1px"
    assert complaints == []


def test_printed_receipt_has_no_navigation_and_dark_ink(page: Page, account):  # noqa: F811
    run = run_of(account, chats=2)
    page.emulate_media(media="print", color_scheme="dark")

    page.goto(f"/admin/evidence/receipts/{run.seq}/")

    expect(page.get_by_role("navigation", include_hidden=True)).to_be_hidden()
    ink = page.locator("main").evaluate("each => getComputedStyle(each).color")
    assert ink == "rgb(16, 39, 44)"


@pytest.mark.parametrize("width", [360, 1280])
def test_evidence_fits_and_nothing_is_refused(page: Page, account, width, complaints):  # noqa: F811
    run = run_of(account, chats=2)
    page.set_viewport_size({"width": width, "height": 800})
    first = run.params["first"]

    for path in ("", "erasures/", f"?of={first}", "?of=x", f"receipts/{run.seq}/", f"certificates/{first}/"):
        page.goto(f"/admin/evidence/{path}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    assert complaints == []
