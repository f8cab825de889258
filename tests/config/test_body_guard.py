import asyncio
from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest

from config import body_guard
from config.body_guard import TOO_LARGE, TOO_SLOW, BodyGuard

CHUNKED = [(b"transfer-encoding", b"chunked")]


class Client:
    """The server's side of one request: what the client sends, and what it gets."""

    def __init__(self, *parts, method="POST", headers=(), stalls=False):
        self.messages = [
            {"type": "http.request", "body": part, "more_body": stalls or number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        self.scope = {"type": "http", "method": method, "path": "/", "headers": list(headers)}
        self.stalls = stalls
        self.answers = []

    async def receive(self):
        if self.messages:
            return self.messages.pop(0)
        if self.stalls:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.answers.append(message)

    @property
    def status(self):
        return self.answers[0]["status"]


class Pages:
    """The application behind the guard; it remembers what reached it."""

    scope = None
    body = None

    async def __call__(self, scope, receive, send):
        self.scope, parts, more = scope, [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.body = b"".join(parts)
        self.after = await receive()


def meet(client, **options):
    pages = Pages()
    guard = BodyGuard(pages, **{"limit": 1000, "seconds": 5, **options})
    asyncio.run(guard(client.scope, client.receive, client.send))
    return pages


@pytest.mark.parametrize(
    "sent",
    [
        b"text/plain; charset*=undefined''x",
        b"application/x-www-form-urlencoded; charset*=undefined''utf-8",
        b"multipart/form-data; boundary*=idna''%ff%fe",
        b"text/plain; charset*=nowhere''x",
    ],
)
@pytest.mark.parametrize("parts", [(), (b"a=b",)])
def test_content_type_that_nobody_can_read_is_answered_here(sent, parts):
    client = Client(*parts, headers=[(b"content-type", sent), *(CHUNKED if parts else ())])

    pages = meet(client)

    assert (client.status, pages.scope) == (400, None)


@pytest.mark.parametrize(
    "sent",
    [
        b"text/plain",
        b"multipart/form-data; boundary=x; charset=utf-8",
        b"text/plain; charset=nowhere",
        b"text/plain; charset*=utf-8''latin-1",
        b";;;",
    ],
)
def test_content_type_that_django_can_read_reaches_it(sent):
    pages = meet(Client(b"a=b", headers=[(b"content-type", sent), *CHUNKED]))

    assert pages.body == b"a=b"
    WSGIRequest({"REQUEST_METHOD": "POST", "CONTENT_TYPE": sent.decode(), "wsgi.input": BytesIO()})


def test_chunked_body_arrives_whole_with_its_length():
    pages = meet(Client(b"a" * 300, b"b" * 300, headers=CHUNKED))

    assert pages.body == b"a" * 300 + b"b" * 300
    assert pages.scope["headers"] == [(b"content-length", b"600")]
    assert pages.after == {"type": "http.disconnect"}


def test_body_larger_than_memory_arrives_whole(monkeypatch):
    monkeypatch.setattr(body_guard, "MEMORY_BYTES", 10)
    monkeypatch.setattr(body_guard, "CHUNK_BYTES", 7)

    pages = meet(Client(bytes(range(256)), headers=[(b"content-length", b"256")]))

    assert pages.body == bytes(range(256))


def test_empty_chunked_body_has_length_zero():
    pages = meet(Client(b"", headers=CHUNKED))

    assert pages.body == b""
    assert pages.scope["headers"] == [(b"content-length", b"0")]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_header_with_underscore_never_arrives(method):
    headers = [(b"x_real_ip", b"10.0.0.1"), (b"x-real-ip", b"203.0.113.5")]

    pages = meet(Client(b"", method=method, headers=headers))

    assert pages.scope["headers"] == [(b"x-real-ip", b"203.0.113.5")]


@pytest.mark.parametrize(
    "client",
    [
        Client(b"", headers=[(b"content-length", b"1001")]),
        Client(b"a" * 900, b"a" * 200, headers=CHUNKED),
        Client(b"a" * 900, b"a" * 200, method="GET", headers=CHUNKED),
    ],
)
def test_too_large_body_is_refused_before_the_pages(client):
    pages = meet(client)

    assert client.status == 413
    assert client.answers[1]["body"] == TOO_LARGE.encode()
    assert pages.scope is None


def test_oversized_upload_is_read_on_so_that_the_browser_shows_the_answer():
    client = Client(*[b"a" * 500] * 10, headers=CHUNKED)

    meet(client)

    assert client.status == 413
    assert client.messages == []


def test_stalled_body_is_given_up():
    client = Client(b"a", stalls=True, headers=CHUNKED)

    pages = meet(client, seconds=0.05)

    assert client.status == 408
    assert client.answers[1]["body"] == TOO_SLOW.encode()
    assert pages.scope is None


def test_slow_body_may_take_longer_than_the_deadline_as_long_as_it_flows(monkeypatch):
    monkeypatch.setattr(body_guard, "SLOWEST_BYTES_PER_SECOND", 100)
    client = Client(*[b"a" * 20] * 6, headers=CHUNKED)
    receive_at_once = client.receive

    async def receive_slowly():
        await asyncio.sleep(0.05)
        return await receive_at_once()

    client.receive = receive_slowly
    pages = meet(client, seconds=0.2)

    assert pages.body == b"a" * 120


def test_client_that_goes_away_reaches_nobody():
    client = Client(headers=CHUNKED)

    pages = meet(client)

    assert client.answers == []
    assert pages.scope is None
