"""An account manager shortens a term: sees the forecast, types the number, and takes the receipt along."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from privacy.models import RetentionPolicy
from privacy.services.erasing.purge import purge
from tests import factories
from tests.browser.test_admin import complaints, open_settings, page, web  # noqa: F401
from tests.chat.conftest import session_of  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
]


@pytest.fixture
def old_chats(account):
    """Twelve chats that a week has passed since."""
    now = timezone.now()
    return [factories.chat(account, closed_at=now - timedelta(days=8 + n)) for n in range(12)]


def shorten_chats(page: Page) -> None:  # noqa: F811
    page.locator("#rule-chat > summary").click()
    page.locator("#id_chat_amount").fill("1")
    page.locator("#id_chat_unit").select_option("weeks")


def test_manager_sees_the_forecast_types_the_number_and_downloads_the_receipt(
    page: Page,  # noqa: F811
    account,
    old_chats,
    complaints,  # noqa: F811
):
    open_settings(page, account, "Retention")
    expect(page.get_by_label("Type how many will be erased")).to_be_hidden()

    shorten_chats(page)
    rehearsal = page.get_by_role("group", name="Rehearsal")
    expect(rehearsal).to_contain_text(
        "24 are past the new time already (chat transcripts: 12, contacts with nothing left: 12)"
    )
    expect(rehearsal.get_by_role("img")).to_have_attribute(
        "aria-label", "12 at the next run, 12 within 30 days."
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("Type 24.")
    assert RetentionPolicy.objects.get(account=account, category="chat").amount == 30

    page.get_by_label("Type how many will be erased").fill("24")
    page.get_by_label("Why these rules change").fill("Told by the data protection officer")
    page.get_by_label("Don't wait 24 hours").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved. It counts from now on.")
    expect(page.get_by_text(re.compile("Version 1, .*, by Manager"))).to_be_visible()
    assert purge(account_id=account.pk).erased == 12

    page.goto("/admin/evidence/")
    page.get_by_role("link", name=re.compile(r"^Receipt \d")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    receipt = json.loads(Path(download.value.path()).read_text())
    assert receipt["summary"]["counts"] == {"chat": 12, "contact": 12}
    assert receipt["summary"]["policy_version"] == 1
    assert complaints == []


def test_what_waits_a_day_is_let_run_with_a_reason(page: Page, account, old_chats, complaints):  # noqa: F811
    open_settings(page, account, "Retention")
    shorten_chats(page)
    page.get_by_label("Type how many will be erased").fill("24")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("cooling off")).to_be_visible()
    assert purge(account_id=account.pk).erased == 0

    page.locator("#rule-chat > summary").click()
    page.get_by_label("Why it can't wait").fill("Told by the data protection officer")
    page.get_by_role("button", name="Let it run now").click()

    expect(page.get_by_role("status")).to_contain_text("The first run comes now.")
    assert purge(account_id=account.pk).erased == 12
    assert complaints == []


def test_preset_is_filled_in_before_anything_is_saved(page: Page, account, old_chats, complaints):  # noqa: F811
    open_settings(page, account, "Retention")
    page.get_by_text("Start from a preset").click()

    page.get_by_role("link", name="Fill in Store nothing").click()

    expect(page.get_by_text("“Store nothing” is filled in below.")).to_be_visible()
    expect(page.locator("#id_chat_rule_0")).to_be_checked()
    expect(page.locator("#told-chat")).to_contain_text("Erased as soon as it is closed")
    expect(page.locator("#rehearsal")).to_contain_text("24 are past the new time already")
    assert RetentionPolicy.objects.get(account=account, category="chat").rule == "after"
    assert complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_everything_opened_fits(page: Page, account, old_chats, width, complaints):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 800})
    open_settings(page, account, "Retention")
    shorten_chats(page)
    expect(page.locator("#rehearsal")).to_contain_text("24 are past the new time already")

    page.evaluate("document.querySelectorAll('#retention details').forEach(each => { each.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_rehearsal_works_without_script(browser, web, session_of, manager, account, old_chats):  # noqa: F811
    base = f"http://127.0.0.1:{web.port}"
    context = browser.new_context(base_url=base, java_script_enabled=False)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(manager).session_key, "url": base}
    context.add_cookies([cookie])
    page = context.new_page()  # noqa: F811
    page.goto(f"/admin/helpdesk/account/{account.pk}/change/")

    shorten_chats(page)
    page.get_by_role("button", name="Rehearse").click()
    expect(page.locator("#rehearsal")).to_contain_text("24 are past the new time already")
    assert RetentionPolicy.objects.get(account=account, category="chat").amount == 30
    page.get_by_label("Type how many will be erased").fill("24")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("Saved. It counts from now on.")
    assert RetentionPolicy.objects.get(account=account, category="chat").amount == 1
    context.close()
