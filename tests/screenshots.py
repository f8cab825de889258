"""Take the screenshots of the documentation from a running demonstration: `python -m tests.screenshots`."""

import base64
import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import find_chromium
from tests.config.deployment import ROOT
from tests.running import Deployment

DOCS = ROOT / "docs"
VISITOR = {"width": 430, "height": 760}
AGENT = {"width": 1080, "height": 760}
WORDS = [
    ("agent", "Good morning, Ines. It left yesterday and is with the carrier now."),
    ("visitor", "Lovely, thank you. Do you keep what we write here?"),
    ("agent", "Only until you close this chat. Then it is erased at once."),
]
# Tickets that were closed over the last four weeks, more on some days than on others.
CLOSED_TICKETS = """
from datetime import timedelta
from django.utils import timezone
from helpdesk.models import Account
from tests import factories

account = Account.objects.get(name="Moss & Kettle")
for day in range(28):
    for _number in range(1 + day * 5 % 7):
        factories.ticket(account, closed_at=timezone.now() - timedelta(days=day, hours=3))
"""


def main() -> None:
    """Play the story and write ``story.png``, ``retention.png`` and ``rehearsal.png`` into ``docs``."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        deployment = Deployment(Path(folder)).start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        try:
            story(browser, deployment)
            retention(browser, deployment)
            rehearsal(browser, deployment)
        finally:
            browser.close()
            deployment.discard()


def story(browser: Browser, deployment: Deployment) -> None:
    visitor = browser.new_page(viewport=VISITOR)
    agent = browser.new_page(viewport=AGENT)
    sign_in(agent, deployment, "agent")
    visitor.goto(deployment.shop)
    visitor.get_by_role("button", name="Chat with us").click()
    frame = visitor.frame_locator("iframe")
    frame.get_by_label("Name").fill("Ines Calder")
    frame.get_by_label("Email").fill("ines@calder.example")
    frame.get_by_label("Your question").fill("Good morning! Has my first flush been sent?")
    frame.get_by_role("checkbox").check()
    frame.get_by_role("button", name="Start chat").click()
    agent.get_by_role("button", name="Accept").click()
    for side, words in WORDS:
        place = agent if side == "agent" else frame
        place.get_by_role("textbox", name="Message").fill(words)
        place.get_by_role("button", name="Send", exact=True).click()
        for other in (agent, frame):
            expect(other.get_by_role("log", name="Conversation")).to_contain_text(words)
    beside = browser.new_page(viewport={"width": VISITOR["width"] + AGENT["width"] + 72, "height": 808})
    beside.set_content(side_by_side(visitor.screenshot(), agent.screenshot()))
    save(beside, "story")


def retention(browser: Browser, deployment: Deployment) -> None:
    save(tab_of_retention(browser, deployment), "retention")


def rehearsal(browser: Browser, deployment: Deployment) -> None:
    deployment.shell(CLOSED_TICKETS)
    manager = tab_of_retention(browser, deployment)
    manager.locator("#rule-ticket summary").click()
    manager.locator("#id_ticket_amount").fill("3")
    manager.locator("#id_ticket_unit").select_option("weeks")
    expect(manager.locator("#rehearsal")).to_contain_text("To save this, type")
    manager.set_viewport_size({"width": 1180, "height": 1180})
    manager.locator("#rehearsal-title").evaluate("each => scrollBy(0, each.getBoundingClientRect().top - 90)")
    manager.evaluate("document.activeElement.blur()")
    expect(manager.locator("#rehearsal.htmx-request")).to_have_count(0)
    save(manager, "rehearsal")


def tab_of_retention(browser: Browser, deployment: Deployment) -> Page:
    manager = browser.new_page(viewport={"width": 1180, "height": 860})
    sign_in(manager, deployment, "manager")
    manager.get_by_role("link", name="Moss & Kettle").first.click()
    manager.get_by_role("tab", name="Retention").click()
    return manager


def sign_in(page: Page, deployment: Deployment, role: str) -> None:
    login = deployment.login(role)
    page.goto(f"{deployment.helpdesk}/sign-in/")
    page.get_by_label("Email").fill(login["email"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/agent/chats/" if role == "agent" else "**/admin/")


def side_by_side(*pictures: bytes) -> str:
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}">' for picture in pictures
    )
    return (
        "<style>body{margin:24px;display:flex;gap:24px;background:#dfe8e7}"
        "img{border-radius:12px;box-shadow:0 8px 30px #0b3d4333}</style>" + images
    )


def save(page: Page, name: str) -> None:
    """Write a screenshot, smaller where pngquant is installed."""
    path = DOCS / f"{name}.png"
    page.screenshot(path=path)
    if pngquant := shutil.which("pngquant"):
        subprocess.run(
            [pngquant, "--force", "--skip-if-larger", "--output", str(path), "128", str(path)], check=False
        )


if __name__ == "__main__":
    main()
