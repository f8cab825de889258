import asyncio

import pytest

from config.peers import PeerFilter

HEADERS = [
    (b"host", b"help.example.com"),
    (b"x-forwarded-for", b"198.51.100.7"),
    (b"x-forwarded-proto", b"https"),
    (b"forwarded", b"for=198.51.100.7"),
    (b"x-real-ip", b"198.51.100.7"),
]


def headers_seen(client, trusted):
    seen = []

    async def app(scope, receive, send):
        seen.extend(scope["headers"])

    scope = {"type": "http", "client": client, "headers": HEADERS}
    asyncio.run(PeerFilter(app, trusted=trusted)(scope, None, None))
    return seen


@pytest.mark.parametrize(
    "client", [("10.0.0.9", 1), ("::ffff:10.0.0.9", 1), ("fd00::1", 1), ("fd00::1%eth0", 1)]
)
def test_trusted_proxy_is_heard(client):
    assert headers_seen(client, ["10.0.0.0/8", "fd00::/8"]) == HEADERS


@pytest.mark.parametrize(
    ("client", "trusted"),
    [
        (("203.0.113.5", 1), ["10.0.0.0/8"]),
        (("10.0.0.9", 1), []),
        (("::ffff:203.0.113.5", 1), ["10.0.0.0/8"]),
        (None, ["10.0.0.0/8"]),
    ],
)
def test_anybody_else_claims_nothing(client, trusted):
    assert headers_seen(client, trusted) == [(b"host", b"help.example.com")]
