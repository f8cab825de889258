"""A tiny server whose answers on /stream are written down beforehand, one a request."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ELEMENT = Path(__file__).resolve().parents[2] / "static/js/elements/live-stream.js"
PAGE = b"""<!doctype html><title>Stream</title>
<script type="module" src="/live-stream.js"></script><script src="/recorder.js"></script>"""
RECORDER = b"""window.seen = []; window.states = [];
document.addEventListener("live:state", (event) => states.push(event.detail));
for (const name of ["message", "typing", "bye"])
  document.addEventListener(`live:${name}`, ({ detail }) => seen.push([name, detail.id, detail.data]));"""
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"

Answer = Callable[["Handler"], None]


class StreamServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.requests: list[dict[str, str]] = []
        self.hung_up = threading.Event()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: StreamServer

    def do_GET(self) -> None:
        files = {
            "/": ("text/html", PAGE),
            "/recorder.js": ("text/javascript", RECORDER),
            "/live-stream.js": ("text/javascript", ELEMENT.read_bytes()),
            "/sign-in": ("text/event-stream", b"data: not for you\n\n"),
        }
        if self.path in files:
            self.begin(200, files[self.path][0])
            self.wfile.write(files[self.path][1])
        elif self.path.startswith("/stream"):
            self.server.requests.append({name.lower(): value for name, value in self.headers.items()})
            answers = self.server.answers
            (answers.pop(0) if answers else status(404))(self)
        else:
            self.begin(404, "text/plain")

    def begin(self, code: int, kind: str, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def stream(*chunks: bytes, hold: bool = False, kind: str = "text/event-stream; charset=utf-8") -> Answer:
    """Send the chunks one by one, then end the connection, or keep it open without a word."""

    def answer(handler: Handler) -> None:
        handler.begin(200, kind)
        for chunk in chunks:
            handler.wfile.write(chunk)
            handler.wfile.flush()
            time.sleep(0.03)
        if hold:
            wait_for_hang_up(handler)

    return answer


def wait_for_hang_up(handler: Handler) -> None:
    handler.connection.settimeout(0.1)
    while not handler.server.stopping.is_set():
        try:
            if not handler.connection.recv(1):
                handler.server.hung_up.set()
                return
        except TimeoutError:
            continue
        except OSError:
            handler.server.hung_up.set()
            return


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.begin(code, "text/plain", **headers)


def drop(handler: Handler) -> None:
    """End the connection without an answer."""
    handler.close_connection = True
