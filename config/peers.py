"""Whose word about a request is believed: the TCP peer's own address, and a trusted proxy's headers."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from config.asgi_types import App, Receive, Scope, Send

FORWARDED = (b"forwarded", b"x-real-ip")


class PeerFilter:
    """Drop the forwarding headers of every connection that doesn't come from a trusted proxy.

    Somebody who reaches the port directly could otherwise claim https, or another address.
    """

    def __init__(self, app: App, *, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted = [ip_network(network) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.trusts(scope["client"]):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if not is_forwarding(pair[0])]}
        await self.app(scope, receive, send)

    def trusts(self, client: tuple[str, int] | None) -> bool:
        """Tell whether the connection comes from a trusted proxy; a Unix socket has no address to trust."""
        if not client or not self.trusted:
            return False
        address = ip_address(client[0].partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.trusted)


def is_forwarding(name: bytes) -> bool:
    """Tell whether a header (lower case) speaks about the hop before the proxy."""
    return name.startswith(b"x-forwarded-") or name in FORWARDED
