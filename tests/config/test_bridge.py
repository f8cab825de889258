import asyncio
import threading
from io import BytesIO

import pytest

from config import bridge
from config.bridge import BODY, Bridge

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/",
    "query_string": b"",
    "headers": [(b"content-length", b"5")],
}


def answer_of(app, **scope):
    """Return the messages that reach the server, each with the number of pieces that the thread had made."""
    sent = []

    async def send(message):
        sent.append(message)

    async def nobody():
        raise AssertionError("the body is read from the guard's file")

    asyncio.run(Bridge(app, workers=1)({**SCOPE, **scope}, nobody, send))
    return sent


def test_body_is_read_from_the_file_and_the_answer_comes_whole():
    def echo(environ, start_response):
        start_response("201 Created", [("X-Thread", threading.current_thread().name)])
        return [b"<", environ["wsgi.input"].read(5), b">"]

    start, *pieces = answer_of(echo, **{BODY: BytesIO(b"hello")})

    assert start["status"] == 201
    assert dict(start["headers"])[b"x-thread"].startswith(b"WSGI")
    assert b"".join(piece["body"] for piece in pieces) == b"<hello>"
    assert [piece.get("more_body", False) for piece in pieces] == [True, True, True, False]


def test_long_answer_is_not_held_in_memory(monkeypatch):
    monkeypatch.setattr(bridge, "HELD_BYTES", 10)
    taken = []

    def download(environ, start_response):
        start_response("200 OK", [])
        for number in range(5):
            taken.append(number)
            yield b"%d" % number * 20

    waiting = []
    sent = []

    async def send(message):
        sent.append(message)
        waiting.append(len(taken))

    async def receive():
        return {"type": "http.disconnect"}

    asyncio.run(Bridge(download, workers=1)(SCOPE, receive, send))

    assert b"".join(message.get("body", b"") for message in sent) == b"".join(
        b"%d" % n * 20 for n in range(5)
    )
    assert waiting[1] == 1  # the first piece was sent before the second was made


def test_request_without_body_reads_nothing():
    def read(environ, start_response):
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    assert answer_of(read, method="GET", headers=[])[1]["body"] == b""


def test_error_in_the_application_reaches_the_server():
    def broken(environ, start_response):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        answer_of(broken)
