"""The bot in a real browser: given, refused without a trace, and handed over to somebody who answers."""

import pytest
from playwright.sync_api import expect

from chat.models import Conversation
from privacy.models import ConsentRecord
from tests import factories
from tests.browser.accessible import check
from tests.browser.shop import agent_joins, agent_says, box, frame, kept, launcher, said
from tests.chat.bots import asks_by_bot, publish
from tests.chat.test_bot_consent import rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "vault"])]


@pytest.fixture
def chat(shop):
    """The frame of a shop whose bot asks first, opened."""
    asks_by_bot(shop.account)
    publish(shop.account)
    shop.account.refusal = {"en": "Call us: 01 23 45."}
    shop.account.save()
    page = shop.visit()
    launcher(page).click()
    chat = frame(page)
    chat.get_by_role("button", name="Yes, I agree").wait_for()
    return chat


def answered(chat) -> list[str]:
    return said(chat).all_inner_texts()


def press(chat, name: str) -> None:
    chat.get_by_role("button", name=name, exact=True).click()


def test_refusal_leads_on_and_leaves_both_databases_and_the_browser_as_they_were(shop, chat):
    before = rows()

    press(chat, "No")

    expect(said(chat).last).to_have_text("A pity.")
    assert answered(chat)[2:4] == ["No", "Then nothing of this is stored. Call us: 01 23 45."]
    expect(chat.get_by_role("group", name="A pity.")).to_be_focused()
    press(chat, "Why?")
    expect(chat.get_by_text("This is all. Nothing of it was stored.")).to_be_visible()
    page = shop.context.pages[0]
    assert {name: value for name, value in kept(page).items() if "token" in value} == {}
    assert rows() == before
    press(chat, "Begin again")
    expect(said(chat)).to_have_text(["Hello!", factories.AGREE])


def test_who_agrees_is_led_by_keyboard_to_somebody_who_answers(shop, chat, agent):
    page = shop.context.pages[0]
    expect(chat.get_by_role("group", name=factories.AGREE)).to_be_focused()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chat.get_by_role("group", name="What is it about?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(chat.get_by_role("textbox", name="Name")).to_be_focused()
    expect(box(chat)).to_be_hidden()
    page.keyboard.type("Vera")
    page.keyboard.press("Enter")
    chat.get_by_role("textbox", name="Your question").fill("Where is my tea?")
    press(chat, "Send")

    expect(box(chat)).to_be_visible()
    expect(box(chat)).to_be_focused()
    assert answered(chat) == [
        "Hello!",
        factories.AGREE,
        "Yes, I agree",
        "What is it about?",
        "Tea",
        "Who are you?",
        "Vera",
        "What may we do?",
        "Where is my tea?",
        "Somebody comes now.",
    ]
    assert ConsentRecord.objects.get().mechanism == "bot"
    agent_joins(agent)
    agent_says(agent, "It is on its way.")
    expect(said(chat).last).to_have_text("It is on its way.")
    expect(chat.get_by_text("You are talking with Ada Agent")).to_be_visible()


def test_visitor_goes_on_with_the_bot_on_the_next_page_and_asks_for_a_person(shop, chat):
    press(chat, "Yes, I agree")
    expect(said(chat).last).to_have_text("What is it about?")
    page = shop.visit(shop.context.pages[0])
    chat = frame(page)
    expect(said(chat).last).to_have_text("What is it about?")

    press(chat, "Talk to a person")

    expect(box(chat)).to_be_visible()
    expect(chat.get_by_text("You are next.")).to_be_visible()
    assert Conversation.objects.get().status == "waiting"


def test_agent_who_takes_over_ends_the_bot_before_the_visitors_eyes(chat, agent):
    press(chat, "Yes, I agree")
    expect(said(chat).last).to_have_text("What is it about?")

    agent_joins(agent)

    expect(chat.get_by_role("button", name="Tea")).to_have_count(0)
    expect(box(chat)).to_be_visible()


def test_bot_is_accessible_at_every_step(shop):
    asks_by_bot(shop.account)
    publish(shop.account)
    page = shop.context.new_page()
    page.goto(f"{shop.helpdesk}/chat/{shop.account.public_id}/")
    expect(page.get_by_role("button", name="Yes, I agree")).to_be_enabled()

    check(page)
    press(page, "Yes, I agree")
    expect(said(page).last).to_have_text("What is it about?")
    check(page)
    press(page, "Tea")
    expect(page.get_by_role("textbox", name="Name")).to_be_visible()
    check(page)
