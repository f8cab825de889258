"""Asking other servers: nothing leads into the network that Lethe runs in."""

import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address

import pytest

from helpdesk import outgoing
from helpdesk.outgoing import MOST, Answer, Unreachable, fetch, is_allowed
from tests.helpdesk.web_page import leading_to, page, served

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]
OWN = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::80ff:fffe",
]


@pytest.fixture
def here(settings):
    """Let the tests' own server be asked."""
    settings.LETHE_OUTGOING_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def hosts(monkeypatch):
    """Return a dictionary of hosts and the addresses that they have, looked up one after another."""
    known: dict[str, list[str]] = {}

    def look_up(host, port, **_options):
        if host not in known:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (known[host].pop(0), port))]

    real = socket.getaddrinfo

    def look_up_unless_told(host, port, *rest, **options):
        """Addresses themselves are what the connection is made to; only names are looked up."""
        return real(host, port, *rest, **options) if host == "127.0.0.1" else look_up(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_unless_told)
    return known


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address):
    assert is_allowed(ip_address(address))


@pytest.mark.parametrize("address", OWN)
def test_address_of_a_private_network_is_not(address):
    assert not is_allowed(ip_address(address))


def test_private_network_is_allowed_where_a_setting_says_so(settings):
    settings.LETHE_OUTGOING_NETWORKS = ["10.1.2.0/24"]

    assert is_allowed(ip_address("10.1.2.3"))
    assert not is_allowed(ip_address("10.1.3.3"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://localhost./",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_own_network_is_never_asked(url):
    with pytest.raises(Unreachable, match=r"isn't public|no such host"):
        fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://shop.example/",
        "http://",
        "http://ada@shop.example/",
        "http://shop:x/",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url):
    with pytest.raises(Unreachable, match="isn't an address of the web"):
        fetch(url)


def test_unusual_port_is_refused(hosts):
    hosts["shop.example"] = ["93.184.215.14"]

    with pytest.raises(Unreachable, match="unusual port"):
        fetch("http://shop.example:22/")


def test_host_that_nobody_knows_is_told(hosts):
    with pytest.raises(Unreachable, match="no such host"):
        fetch("https://shop.example/")


def test_content_is_read(here):
    with served(page("We keep little.")) as base:
        assert fetch(f"{base}/privacy") == Answer("text/html; charset=utf-8", b"We keep little.")


def test_it_is_looked_up_once_and_asked_there(here, hosts):
    with served(page("We keep little.")) as base:
        hosts["shop.example"] = ["127.0.0.1"]  # a second look finds nothing

        assert fetch(base.replace("127.0.0.1", "shop.example")).body == b"We keep little."


def test_each_hop_is_looked_up(here, hosts):
    hosts["inside.example"] = ["10.0.0.1"]

    with (
        served(leading_to("http://inside.example/")) as base,
        pytest.raises(Unreachable, match="isn't public"),
    ):
        fetch(base)


def test_it_does_not_go_round_in_circles(here):
    with served(leading_to("/")) as base, pytest.raises(Unreachable, match="on and on"):
        fetch(base)


def test_error_is_told(here):
    with (
        served(lambda request: request.send_error(503)) as base,
        pytest.raises(Unreachable, match="error 503"),
    ):
        fetch(base)


def test_silence_is_told(here):
    with pytest.raises(Unreachable, match="Nothing answers"):
        fetch("http://127.0.0.1:1/")


def test_large_answer_is_not_read_to_its_end(here):
    with served(page("x" * (MOST + 1))) as base, pytest.raises(Unreachable, match="two megabytes"):
        fetch(base)


def test_slow_answer_is_not_waited_for(here, monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _byte in range(100):
                request.wfile.write(b"x" * 65_536)
                outgoing.time.sleep(0.05)
        except OSError:
            pass

    with served(drip) as base, pytest.raises(Unreachable, match="takes too long"):
        fetch(base)


def test_answer_whose_every_byte_takes_its_time_is_not_waited_for(here, monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)

    def drip(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            for byte in b"HTTP/1.0 200 OK\r\nX-Slow: " + b"x" * 100:
                request.wfile.write(bytes([byte]))
                time.sleep(0.1)

    begun = time.monotonic()
    with served(drip) as base, pytest.raises(Unreachable, match="takes too long"):
        fetch(base)

    assert time.monotonic() - begun < 5


def test_answer_that_is_cut_off_is_not_taken_for_the_whole(here):
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nWe keep")

    with served(cut) as base, pytest.raises(Unreachable, match="as it should"):
        fetch(base)
