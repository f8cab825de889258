from ipaddress import ip_address

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.client_ip import NOWHERE, ClientAddress, address_of, address_of_scope, client_ip, resolve

PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def _proxies(settings):
    settings.LETHE_TRUSTED_PROXIES = ["10.0.0.0/24", "fd00::/64"]


def certain(address: str) -> ClientAddress:
    return ClientAddress(ip_address(address), True)


def unsure(address: str) -> ClientAddress:
    return ClientAddress(ip_address(address), False)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Nobody that we trust says anything: the peer is the client, whatever it claims.
        ("203.0.113.7", [], certain("203.0.113.7")),
        ("203.0.113.7", ["198.51.100.1"], certain("203.0.113.7")),
        # One proxy, and what a client wrote before it.
        (PROXY, ["203.0.113.7"], certain("203.0.113.7")),
        (PROXY, ["198.51.100.1, 203.0.113.7"], certain("203.0.113.7")),
        (PROXY, ["rubbish, 203.0.113.7"], certain("203.0.113.7")),
        (PROXY, [", ".join(["198.51.100.1"] * 50 + ["203.0.113.7"])], certain("203.0.113.7")),
        # Two proxies, two header lines.
        (PROXY, ["203.0.113.7", "10.0.0.2"], certain("203.0.113.7")),
        (PROXY, ["198.51.100.1", "203.0.113.7, 10.0.0.2"], certain("203.0.113.7")),
        # Somebody on the proxies' own network.
        (PROXY, ["10.0.0.9"], certain("10.0.0.9")),
        # The forms in which proxies write addresses.
        (PROXY, ["203.0.113.7:4711"], certain("203.0.113.7")),
        (PROXY, ["2001:db8::7"], certain("2001:db8::7")),
        (PROXY, ["[2001:db8::7]:4711"], certain("2001:db8::7")),
        (PROXY, ["fe80::7%eth0"], certain("fe80::7")),
        (PROXY, ["::ffff:203.0.113.7"], certain("203.0.113.7")),
        ("::ffff:10.0.0.1", ["203.0.113.7"], certain("203.0.113.7")),
        ("fd00::1", ["203.0.113.7"], certain("203.0.113.7")),
        # A proxy that says nothing, or something that is no address.
        (PROXY, [], unsure(PROXY)),
        (PROXY, [""], unsure(PROXY)),
        (PROXY, ["203.0.113.7, unknown"], unsure(PROXY)),
        (PROXY, ["203.0.113.7, 10.0.0.2,"], unsure(PROXY)),
        (PROXY, ["203.0.113.7, nonsense, 10.0.0.2"], unsure("10.0.0.2")),
        (PROXY, ["203.0.113.007"], unsure(PROXY)),
        (PROXY, ["٢٠٣.0.113.7"], unsure(PROXY)),
        # A peer without an address.
        ("", ["203.0.113.7"], NOWHERE),
        ("/run/lethe.sock", ["203.0.113.7"], NOWHERE),
    ],
)
def test_resolve(peer, forwarded, client):
    assert resolve(peer, forwarded) == client


def test_resolve_without_trusted_proxies_believes_no_header(settings):
    settings.LETHE_TRUSTED_PROXIES = []

    assert resolve("127.0.0.1", ["203.0.113.7"]) == certain("127.0.0.1")


@given(forged=st.text(max_size=200))
def test_resolve_is_never_swayed_by_what_the_client_wrote(forged):
    assert resolve(PROXY, [f"{forged},203.0.113.7"]) == certain("203.0.113.7")


def test_request_believes_one_header_only():
    request = RequestFactory().get(
        "/",
        REMOTE_ADDR=PROXY,
        HTTP_X_FORWARDED_FOR="203.0.113.7",
        HTTP_X_REAL_IP="198.51.100.1",
        HTTP_FORWARDED="for=198.51.100.2",
        HTTP_CF_CONNECTING_IP="198.51.100.3",
    )

    assert address_of(request) == certain("203.0.113.7")
    assert client_ip(request) == "203.0.113.7"


def test_request_from_a_unix_socket_has_no_address():
    request = RequestFactory().get("/", REMOTE_ADDR="")

    assert client_ip(request) is None


@pytest.mark.parametrize(
    ("client", "headers", "found"),
    [
        (
            (PROXY, 4711),
            [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.7")],
            "203.0.113.7",
        ),
        (("203.0.113.7", 4711), [(b"x-forwarded-for", b"198.51.100.1")], "203.0.113.7"),
        (None, [(b"x-forwarded-for", b"198.51.100.1")], ""),
    ],
)
def test_stream_is_resolved_like_a_request(client, headers, found):
    assert str(address_of_scope({"client": client, "headers": headers})) == found
