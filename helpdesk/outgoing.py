"""The one way in which Lethe asks somebody else's server for something: in public, for little, not for long.

An address that somebody typed may lead into the network that Lethe runs in. Each hop is looked up once and
the connection goes to what was found there, so that a name can't mean something else a moment later.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST = 2_000_000  # bytes of an answer
SECONDS = 15.0  # for everything, redirects too
STEP = 5.0  # seconds without a byte
HOPS = 3
REDIRECTS = {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}
NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class Unreachable(Exception):
    """Nothing was read; the message says why, for whoever typed the address."""


class Answer(NamedTuple):
    """What a server said: the kind of content as it names it, and the content."""

    kind: str
    body: bytes


def fetch(url: str) -> Answer:
    """Return what is at an address of the web. Raises :class:`Unreachable`."""
    until = time.monotonic() + SECONDS
    for _hop in range(HOPS + 1):
        answer = _ask(url, until)
        if isinstance(answer, Answer):
            return answer
        url = urljoin(url, answer)
    raise Unreachable(_("It leads on and on to other addresses."))


def is_allowed(address: Address) -> bool:
    """Tell whether Lethe may connect there: a public address, or one of LETHE_OUTGOING_NETWORKS."""
    ours: list[Network] = [ip_network(each) for each in settings.LETHE_OUTGOING_NETWORKS]
    return all(any(meant in network for network in ours) or _is_public(meant) for meant in _meant_by(address))


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _meant_by(address: Address) -> Iterator[Address]:
    """Yield the addresses at which a packet to this one arrives: some of IPv6 only wrap another."""
    if isinstance(address, IPv4Address):
        yield address
    elif wrapped := address.ipv4_mapped or address.sixtofour:
        yield wrapped
    elif address.teredo:
        yield from address.teredo
    elif any(address in network for network in NAT64):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address


def _ask(url: str, until: float) -> Answer | str:
    """Ask once; returns the answer, or the address that it leads on to."""
    parts, host, port = _read(url)
    addresses = _look_up(host, port)
    try:
        with _connected(addresses, port, until) as plain, _ended_at(until, plain):
            there = plain
            if parts.scheme == "https":
                there = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            with there:
                return _read_answer(_said_by(there, parts, host, port), until)
    except (http.client.HTTPException, OSError, ValueError) as error:
        _patience(until)
        raise Unreachable(_("It doesn't answer as it should.")) from error


def _connected(addresses: list[Address], port: int, until: float) -> socket.socket:
    """Connect to the first of these that answers."""
    failed: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((str(address), port), _patience(until))
        except OSError as error:
            failed = error
    raise Unreachable(_("Nothing answers there.")) from failed


@contextmanager
def _ended_at(until: float, connection: socket.socket) -> Iterator[None]:
    """End a connection at a moment, however slowly its bytes come: each of them would begin a wait anew."""
    with connection.dup() as same:  # what TLS is spoken over is another object

        def end() -> None:
            with suppress(OSError):
                same.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(until - time.monotonic(), end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _said_by(there: socket.socket, parts: SplitResult, host: str, port: int) -> http.client.HTTPResponse:
    asking = http.client.HTTPConnection(host, port)
    asking.default_port = PORTS[parts.scheme]
    asking.sock = there
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    asking.request("GET", path, headers={"User-Agent": "Lethe", "Connection": "close"})
    return asking.getresponse()


def _read(url: str) -> tuple[SplitResult, str, int]:
    """Return the parts of an address, its host as the network knows it, and the port."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:
        raise Unreachable(_("It isn't an address of the web.")) from error
    if parts.scheme not in PORTS or not host or parts.username is not None:
        raise Unreachable(_("It isn't an address of the web."))
    return parts, host, port or PORTS[parts.scheme]


def _look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, all of which have to be allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    except (OSError, ValueError) as error:
        raise Unreachable(_("There is no such host.")) from error
    if not addresses or not all(is_allowed(each) for each in addresses):
        raise Unreachable(_("It leads to an address that isn't public."))
    if port not in PORTS.values() and any(each.is_global for each in addresses):
        raise Unreachable(_("It leads to an unusual port."))
    return addresses[:HOPS]


def _read_answer(said: http.client.HTTPResponse, until: float) -> Answer | str:
    onward = said.headers.get("Location")
    if said.status in REDIRECTS and onward:
        return onward
    if said.status != 200:
        raise Unreachable(_("It answers with error %(status)d.") % {"status": said.status})
    body = bytearray()
    while part := said.read1(65_536):
        body += part
        if len(body) > MOST:
            raise Unreachable(_("It is larger than two megabytes."))
        _patience(until)
    _patience(until)  # ended by ourselves, it only looks whole
    if said.length:
        raise http.client.IncompleteRead(bytes(body), said.length)
    return Answer(said.headers.get("Content-Type", ""), bytes(body))


def _patience(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise Unreachable(_("It takes too long."))
    return min(left, STEP)
