"""A customer's site for the browser tests: strict, on an origin of its own, with the two lines in it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page

from chat.models import Conversation
from chat.services.conversations import accept_chat
from chat.services.messages import post_message
from helpdesk.models import Account

# Inline code of any kind, and everything from elsewhere but the helpdesk, is refused.
POLICY = "default-src 'none'; script-src {0}; frame-src {0}; require-trusted-types-for 'script'"
HTML = """<!doctype html><html lang="en"><title>Shop</title>
<main><h1>Shop</h1><p><a href="/shop/two/">Next page</a></p></main>
<script src="{0}/embed/{1}.js" async></script>
<noscript><a href="{0}/tickets/new/{1}/">Write to us</a></noscript></html>"""
AWAY = "This chat can't be reached at the moment."  # what a visitor reads while it is
# A browser that keeps nothing for this site, as its user chose.
REFUSE_STORAGE = """
  if (location.pathname.startsWith("/shop/"))
    Object.defineProperty(window, "sessionStorage", {
      get() { throw new DOMException("No", "SecurityError"); }
    });
"""


class Server(ThreadingHTTPServer):
    """Answers every address with the shop's page."""

    daemon_threads = True

    def __init__(self, helpdesk: str, public_id: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.policy, self.page = POLICY.format(helpdesk), HTML.format(helpdesk, public_id).encode()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *args: object) -> None:
        pass


class Shop:
    """A site that embeds the chat of an account, in a browser of its own."""

    def __init__(
        self, browser: Browser, port: int, account: Account, context: BrowserContext | None = None, **options
    ) -> None:
        self.helpdesk, self.account = f"http://127.0.0.1:{port}", account
        self.server = Server(self.helpdesk, account.public_id)
        self.origin = f"http://localhost:{self.server.server_port}"
        self.context = context or browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(8_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("console", lambda line: line.type == "error" and self.complaints.append(line.text))
        self.context.on("request", lambda request: self.requests.append(request.url))
        account.allowed_origins = self.origin
        account.save()

    def visit(self, page: Page | None = None) -> Page:
        page = page or self.context.new_page()
        page.goto(f"{self.origin}/shop/")
        launcher(page).wait_for()
        return page

    def close(self) -> list[str]:
        """Close the browser and return what its pages asked of others, and complained about."""
        self.context.close()
        self.server.stop()
        elsewhere = [
            url
            for url in self.requests
            if not url.startswith((f"{self.origin}/", f"{self.helpdesk}/", "blob:"))
        ]
        return elsewhere + [text for text in self.complaints if "Failed to load resource" not in text]


def launcher(page: Page) -> Locator:
    return page.get_by_role("button", name="Chat with us")


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def begin(page: Page, question: str = "Where is my order?") -> FrameLocator:
    """Open the chat, fill in the form and start."""
    launcher(page).click()
    return fill_in(frame(page), question)


def fill_in(chat, question: str = "Where is my order?"):
    chat.get_by_label("Your question").fill(question)
    chat.get_by_role("checkbox").check()
    chat.get_by_role("button", name="Start chat").click()
    chat.get_by_role("log", name="Conversation").wait_for()
    return chat


def said(chat) -> Locator:
    return chat.get_by_role("log", name="Conversation").locator("article .message__body")


def box(chat) -> Locator:
    return chat.get_by_role("textbox", name="Message")


def kept(page: Page) -> dict:
    """Return what the shop's own session storage holds."""
    return json.loads(page.evaluate("() => JSON.stringify(sessionStorage)"))


def the_chat() -> Conversation:
    return Conversation.objects.get()


def agent_joins(agent) -> Conversation:
    return accept_chat(conversation=the_chat(), agent=agent)


def agent_says(agent, body: str) -> None:
    post_message(conversation=the_chat(), side="agent", agent=agent, body=body)
