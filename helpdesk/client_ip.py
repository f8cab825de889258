"""Where a request comes from: the peer, or what a trusted proxy says; nothing else is believed."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddress(NamedTuple):
    """An address, and whether it is certain enough to open a door by."""

    address: Address | None
    confident: bool

    def __str__(self) -> str:
        return str(self.address or "")


NOWHERE = ClientAddress(None, False)


def resolve(peer: str, forwarded: list[str]) -> ClientAddress:
    """Return the client of a connection from ``peer`` with these lines of ``X-Forwarded-For``.

    From the right, the first address that is not a trusted proxy is the client: whatever stands left of it
    was written by the client. An entry that is no address ends the walk at the last good hop, unsure; so
    does a trusted proxy that names nobody. A peer without an address (a Unix socket) is nowhere.
    """
    hop = parse_address(peer)
    if hop is None:
        return NOWHERE
    if not _is_trusted(hop):
        return ClientAddress(hop, True)
    for entry in reversed(",".join(forwarded).split(",")):
        named = parse_address(entry)
        if named is None:
            return ClientAddress(hop, False)
        hop = named
        if not _is_trusted(hop):
            break
    return ClientAddress(hop, True)


def parse_address(text: str) -> Address | None:
    """Read an address as proxies write it, with port, brackets or zone; ``None`` where it is none.

    An IPv4 address that came mapped into IPv6 is that IPv4 address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def unmapped(network: Network) -> Network:
    """Return a network, and the IPv4 one where it was written mapped into IPv6."""
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        first = network.network_address.ipv4_mapped
        if first is not None:
            return IPv4Network((first, network.prefixlen - 96))
    return network


def address_of(request: HttpRequest) -> ClientAddress:
    """Return where a request to Django comes from."""
    return resolve(request.META.get("REMOTE_ADDR", ""), [request.META.get("HTTP_X_FORWARDED_FOR", "")])


def address_of_scope(scope: dict[str, Any]) -> ClientAddress:
    """Return where an ASGI connection comes from."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return resolve((scope.get("client") or ("",))[0], lines)


def client_ip(request: HttpRequest) -> str | None:
    """Return the address under which failures to sign in are counted; ``None`` where there is none.

    Of IPv6 it is the network of 64 bits: whoever has one address of it has them all.
    """
    address = address_of(request).address
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), 64), strict=False).network_address)
    return str(address) if address else None


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _trusted_proxies(tuple(settings.LETHE_TRUSTED_PROXIES)))


@lru_cache
def _trusted_proxies(networks: tuple[str, ...]) -> list[Network]:
    return [ip_network(network) for network in networks]
