"""A manager writes the bot in a real browser, tries it beside its steps, and publishes it."""

import pytest
from playwright.sync_api import Page, expect

from chat.models import BotVersion, Conversation
from tests.browser.accessible import check
from tests.browser.test_admin import complaints, page, web  # noqa: F401
from tests.chat.bots import STEPS, asks_by_bot, write
from tests.chat.conftest import session_of  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
]


def open_bot(page: Page, account) -> None:  # noqa: F811
    page.goto(f"/admin/chat/botflow/{account.pk}/")


def test_manager_writes_tries_and_publishes_a_bot(page, account, complaints):  # noqa: F811
    asks_by_bot(account)
    write(account, *STEPS)
    open_bot(page, account)

    page.locator("#step-agent .step__name").click()
    page.get_by_role("textbox", name="English").fill("Ada comes now.")
    page.get_by_role("button", name="Save in the draft").click()
    tried = page.locator("#bot-try")
    tried.get_by_role("button", name="Yes, I agree").click()
    expect(tried.get_by_role("group", name="What is it about?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tried.get_by_role("textbox", name="Name").fill("Vera")
    page.keyboard.press("Enter")
    expect(tried.locator(".message__body").last).to_have_text("What may we do?")
    tried.get_by_role("button", name="Skip").click()

    expect(tried.locator(".message__body").last).to_have_text("Ada comes now.")
    expect(tried.get_by_text("Here it waits for an agent.")).to_be_visible()
    assert not Conversation.objects.exists()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Version 1 talks to visitors")).to_be_visible()
    assert BotVersion.objects.get().flow.get("agent").words == {"en": "Ada comes now."}
    assert complaints == []


def test_step_is_taken_out_only_after_a_second_press(page, account):  # noqa: F811
    write(account, *STEPS)
    open_bot(page, account)

    page.get_by_role("button", name="Take out why").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("#step-why")).to_be_visible()
    page.get_by_role("button", name="Take out why").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()

    expect(page.locator("#step-why")).to_have_count(0)
    expect(page.get_by_text("It goes on to “why”, and there is no such step.").first).to_be_visible()


def test_pages_of_the_bot_are_accessible(page, account):  # noqa: F811
    asks_by_bot(account)
    write(account, *STEPS[1:], *STEPS[:1])

    for address in (
        f"/admin/chat/botflow/{account.pk}/",
        f"/admin/chat/botflow/{account.pk}/steps/topic/",
        f"/admin/hours/{account.pk}/",
        f"/admin/helpdesk/team/add/?account={account.pk}",
    ):
        page.goto(address)
        check(page)
