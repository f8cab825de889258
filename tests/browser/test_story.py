"""The main job, end to end: a visitor chats, an agent answers, and the promise to forget is kept."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.config.deployment import ROOT
from tests.running import Deployment

pytestmark = pytest.mark.browser

NAME = "Zelda Quillfeather"
ADDRESS = "zelda.quillfeather@visitor.example"
QUESTION = "Where is my plumbuswort order?"
ANSWER = "Your gribblenut parcel left this morning."
THANKS = "Thanks a snorkleberry!"
MARKERS = ["Quillfeather", ADDRESS, "plumbuswort", "gribblenut"]


@pytest.fixture
def deployment(tmp_path):
    deployment = Deployment(tmp_path).start()
    yield deployment
    deployment.discard()


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def sign_in(page: Page, deployment: Deployment, role: str) -> None:
    login = deployment.login(role)
    page.goto(f"{deployment.helpdesk}/agent/chats/")
    page.get_by_label("Email").fill(login["email"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/agent/chats/")


def open_chat(page: Page, deployment: Deployment) -> FrameLocator:
    page.goto(deployment.shop)
    page.get_by_role("button", name="Chat with us").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Start chat")).to_be_visible()
    return frame


def start_chat(frame: FrameLocator) -> None:
    frame.get_by_label("Name").fill(NAME)
    frame.get_by_label("Email").fill(ADDRESS)
    frame.get_by_label("Your question").fill(QUESTION)
    frame.get_by_role("checkbox").check()
    frame.get_by_role("button", name="Start chat").click()
    expect(conversation(frame)).to_contain_text(QUESTION)


def conversation(place: Page | FrameLocator):
    return place.get_by_role("log", name="Conversation")


def say(place: Page | FrameLocator, text: str) -> None:
    place.get_by_role("textbox", name="Message").fill(text)
    place.get_by_role("button", name="Send", exact=True).click()


def end_by_visitor(frame: FrameLocator) -> None:
    frame.get_by_role("button", name="End chat").first.click()
    frame.get_by_role("dialog").get_by_role("button", name="End chat").click()


def rows_of_chats(deployment: Deployment) -> int:
    program = (
        "from chat.models import *; from helpdesk.models import *;"
        "print(Conversation.objects.count() + Message.objects.count() + Contact.objects.count())"
    )
    return int(deployment.shell(program))


def test_chat_from_embedding_to_evidence(browser: Browser, deployment):
    visitor, agent = browser.new_context().new_page(), browser.new_context().new_page()
    sign_in(agent, deployment, "agent")
    before = rows_of_chats(deployment)
    frame = open_chat(visitor, deployment)

    # Refused: nothing is stored, what was typed stays, and the box is not ticked for anybody.
    frame.get_by_label("Your question").fill(QUESTION)
    expect(frame.get_by_role("checkbox")).not_to_be_checked()
    frame.get_by_role("button", name="Start chat").click()
    expect(frame.get_by_role("alert")).to_be_visible()
    expect(frame.get_by_label("Your question")).to_have_value(QUESTION)
    assert rows_of_chats(deployment) == before
    assert visitor.context.cookies() == []
    assert visitor.evaluate("() => localStorage.length + sessionStorage.length") == 0

    # Given: both sides are live.
    start_chat(frame)
    agent.get_by_role("button", name="Accept").click()
    expect(conversation(agent)).to_contain_text(QUESTION)
    say(agent, ANSWER)
    expect(conversation(frame)).to_contain_text(ANSWER)
    say(frame, THANKS)
    expect(conversation(agent)).to_contain_text(THANKS)
    assert deployment.manage("find_traces", "gribblenut").returncode == 1
    copy = deployment.back_up_main()

    # Ended: erased within five seconds, on both screens and everywhere else.
    end_by_visitor(frame)
    ended = time.monotonic()
    expect(conversation(agent)).not_to_contain_text("plumbuswort", timeout=5000)
    while rows_of_chats(deployment) != before:
        assert time.monotonic() - ended < 5, "not erased in time"
    visitor.close()
    for marker in MARKERS:
        assert deployment.manage_json("find_traces", "-", typed=marker) == {"matches": []}
    verified = deployment.manage_json("verify_ledger")
    assert verified["ok"] is True

    old_copies_tell_nothing(deployment, copy)
    restored_databases_wait_for_the_erasures(deployment, copy)


def old_copies_tell_nothing(deployment: Deployment, copy: str) -> None:
    program = (
        "from chat.models import Message; from helpdesk.models import Contact;"
        "messages = list(Message.objects.order_by('seq')); contacts = list(Contact.objects.all());"
        "print(len(messages), [m.body for m in messages if m.body], [c.email for c in contacts if c.email])"
    )
    read = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", program],
        cwd=ROOT,
        env=deployment.on_copy(copy),
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.split(maxsplit=1) == ["4", "[] []\n"]


def restored_databases_wait_for_the_erasures(deployment: Deployment, copy: str) -> None:
    deployment.stop()
    deployment.restore_main(copy)
    deployment.start()
    notice = f"{deployment.helpdesk}/privacy/demo/"
    assert status_of(notice) == 503
    assert status_of(f"{deployment.helpdesk}/agent/chats/") == 503
    assert status_of(f"{deployment.helpdesk}/healthz") == 200

    replayed = deployment.manage("replay_erasures")

    assert replayed.returncode == 0, replayed.stderr
    assert status_of(notice) == 200
    assert deployment.manage_json("find_traces", "-", typed="plumbuswort") == {"matches": []}
    assert deployment.manage_json("verify_ledger")["ok"] is True
