"""Files in a chat, in browsers on both sides: attached, seen live, saved, and not lost when sending fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import FrameLocator, Page, Route, expect

from chat.models import ChatFile, Message
from chat.services.conversations import accept_chat
from helpdesk.models import TicketFile
from tests.browser.shop import begin, box, said, the_chat
from tests.chat.conftest import session_of  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PHOTO = {"name": "torn page.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff torn"}
NOTE = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"A new one is on its way."}
EMPTY = {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
DROP = """(element) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["dropped"], "dropped.txt"));
  element.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
PASTE = """(element) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(["pasted"], "pasted.png"));
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def desk(browser, shop, agent, session_of) -> Iterator[Page]:  # noqa: F811
    """The agent's page, signed in, before any chat is opened."""
    context = browser.new_context(base_url=shop.helpdesk, accept_downloads=True)
    context.set_default_timeout(8_000)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(agent).session_key}
    context.add_cookies([cookie | {"url": shop.helpdesk}])
    context.on("weberror", lambda error: shop.complaints.append(str(error.error)))
    yield context.new_page()
    context.close()


def answers(desk: Page, agent) -> Page:
    chat = accept_chat(conversation=the_chat(), agent=agent)
    desk.goto(f"/agent/chats/{chat.pk}/")
    desk.wait_for_function("document.querySelector('chosen-files')?.matches(':defined')")
    return desk


def choose(place: Page | FrameLocator, page: Page, *files: dict) -> None:
    with page.expect_file_chooser() as chooser:
        place.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(list(files))


def chosen(place: Page | FrameLocator):
    return place.get_by_role("list", name="Files to send").get_by_role("listitem")


def send(place: Page | FrameLocator) -> None:
    place.get_by_role("button", name="Send", exact=True).click()


def content(download) -> bytes:
    return Path(download.value.path()).read_bytes()


def test_files_travel_both_ways_and_are_saved(shop, desk, agent):
    page = shop.visit()
    chat = begin(page)
    answers(desk, agent)

    choose(chat, page, PHOTO, NOTE)
    chat.get_by_role("button", name="Remove note.txt").click()
    box(chat).fill("Look at this.")
    send(chat)
    expect(chosen(chat)).to_have_count(0)

    link = desk.get_by_role("link", name="torn page.jpg")
    expect(link).to_contain_text("image")
    with desk.expect_download() as download:
        link.click()
    assert (download.value.suggested_filename, content(download)) == ("torn page.jpg", PHOTO["buffer"])

    choose(desk, desk, NOTE)
    expect(chosen(desk)).to_have_count(1)
    send(desk)
    button = chat.get_by_role("button", name="note.txt")
    with page.expect_download() as download:
        button.click()
    assert (download.value.suggested_filename, content(download)) == ("note.txt", NOTE["buffer"])

    with page.expect_download() as download:
        chat.get_by_role("button", name="torn page.jpg").click()
    assert content(download) == PHOTO["buffer"]
    token = page.evaluate("() => JSON.stringify(sessionStorage)").split('token\\":\\"')[1][:43]
    assert [url for url in shop.requests if token in url] == []
    expect(said(chat)).to_have_text(["Where is my order?", "Look at this."])


def test_file_is_attached_and_removed_by_keyboard(shop):
    page = shop.visit()
    chat = begin(page)

    box(chat).press("Shift+Tab")
    clip = chat.get_by_role("button", name="Attach files")
    expect(clip).to_be_focused()
    with page.expect_file_chooser() as chooser:
        clip.press("Enter")
    chooser.value.set_files([PHOTO, NOTE])
    expect(chat.get_by_role("status").filter(has_text="2 of 5 files")).to_be_visible()
    clip.press("Shift+Tab")
    last = chat.get_by_role("button", name="Remove note.txt")
    expect(last).to_be_focused()
    last.press("Enter")
    expect(chat.get_by_role("button", name="Remove torn page.jpg")).to_be_focused()
    page.keyboard.press("Enter")

    expect(clip).to_be_focused()
    expect(chosen(chat)).to_have_count(0)


def test_what_is_wrong_with_a_file_is_told_beside_the_field_and_the_others_stay(shop):
    page = shop.visit()
    chat = begin(page)
    choose(chat, page, NOTE)

    choose(chat, page, EMPTY)
    expect(chat.get_by_role("alert").filter(has_text="empty.txt is empty.")).to_be_visible()
    choose(chat, page, *[NOTE] * 5)
    expect(chat.get_by_role("alert").filter(has_text="At most 5 files a message.")).to_be_visible()
    choose(chat, page, PHOTO | {"buffer": b"x" * (10 * 2**20)})
    expect(chat.get_by_role("alert").filter(has_text="larger than 10.0")).to_be_visible()

    expect(chosen(chat)).to_have_count(1)
    send(chat)
    expect(chat.get_by_role("button", name="note.txt")).to_be_visible()


def test_visitor_whose_file_is_refused_keeps_words_and_file(shop):
    page = shop.visit()
    chat = begin(page)
    shop.context.route("**/messages/", lambda route: route.fulfill(status=413, body="Too large"))
    choose(chat, page, PHOTO)
    box(chat).fill("Look")

    send(chat)

    expect(chat.get_by_role("alert").filter(has_text="larger than this chat accepts")).to_be_visible()
    expect(box(chat)).to_have_value("Look")
    expect(chosen(chat)).to_have_count(1)
    shop.context.unroute("**/messages/")
    send(chat)
    expect(chat.get_by_role("button", name="torn page.jpg")).to_be_visible()


def test_visitor_without_connection_sends_the_file_once_it_is_back(shop):
    page = shop.visit()
    chat = begin(page)
    shop.context.route("**/messages/", lambda route: route.abort())
    choose(chat, page, PHOTO)

    send(chat)
    expect(chat.get_by_role("log").get_by_text("torn page.jpg")).to_be_visible()
    shop.context.unroute("**/messages/")

    expect(chat.get_by_role("button", name="torn page.jpg")).to_be_visible(timeout=15_000)
    assert ChatFile.objects.count() == 1


def test_agent_whose_answer_got_lost_sends_the_file_once(shop, desk, agent):
    begin(shop.visit())
    answers(desk, agent)

    def arrive_and_break(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.route("**/messages/", arrive_and_break)
    choose(desk, desk, NOTE)
    box(desk).fill("Here")
    send(desk)
    expect(desk.get_by_role("alert").filter(has_text="could not be sent")).to_be_visible()
    expect(box(desk)).to_have_value("Here")
    expect(chosen(desk)).to_have_count(1)
    desk.unroute("**/messages/")
    send(desk)

    expect(desk.get_by_role("link", name="note.txt")).to_have_count(1)
    expect(chosen(desk)).to_have_count(0)
    assert [message.body for message in Message.objects.filter(side="agent", kind="text")] == ["Here"]
    assert ChatFile.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "where", "name"), [(DROP, "log", "dropped.txt"), (PASTE, "box", "pasted.png")]
)
def test_files_are_dropped_and_pasted(shop, how, where, name):
    chat = begin(shop.visit())

    (box(chat) if where == "box" else chat.get_by_role("log")).evaluate(how)

    expect(chat.get_by_role("button", name=f"Remove {name}")).to_be_visible()


def test_files_that_were_sent_and_that_were_only_chosen_come_into_the_ticket(shop):
    page = shop.visit()
    chat = begin(page)
    choose(chat, page, PHOTO)
    send(chat)
    expect(chat.get_by_role("button", name="torn page.jpg")).to_be_visible()
    choose(chat, page, NOTE)

    chat.get_by_role("button", name="Leave a message").click()
    expect(chat.get_by_text("torn page.jpg", exact=True).last).to_be_visible()
    chat.get_by_label("Email").fill("vera@mail.example")
    chat.get_by_role("button", name="Leave a message").click()  # not agreed to yet: it comes back
    expect(chat.get_by_role("alert").first).to_be_focused()
    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Leave a message").click()

    expect(chat.get_by_role("heading", name="Your message is with us")).to_be_visible()
    assert [file.name for file in TicketFile.objects.all()] == ["torn page.jpg", "note.txt"]
    assert not ChatFile.objects.exists()


def test_erased_file_says_so_beside_it(shop):
    page = shop.visit()
    chat = begin(page)
    choose(chat, page, NOTE)
    send(chat)
    button = chat.get_by_role("button", name="note.txt")
    expect(button).to_be_visible()
    ChatFile.objects.all().delete()

    button.click()

    expect(chat.get_by_role("alert").filter(has_text="This file has been erased.")).to_be_visible()
