"""From which addresses the people of an account may work."""

from collections.abc import Iterable
from ipaddress import ip_network

from helpdesk.client_ip import ClientAddress, Network, unmapped
from helpdesk.models import Account


def networks_of(account: Account) -> list[Network]:
    """Return the account's networks as they are now; asked anew each time, so a change counts at once."""
    return [unmapped(ip_network(allowed.network)) for allowed in account.allowed_networks.all()]


def is_allowed(account: Account, address: ClientAddress) -> bool:
    """Tell whether people of the account may work from this address.

    Where the list is on, an address that isn't certain is outside, and an empty list lets nobody in.
    """
    return not account.allowlist_enabled or contains(networks_of(account), address)


def would_lock_out(networks: Iterable[Network | str], address: ClientAddress) -> bool:
    """Tell whether a list of these networks, once on, would leave out whoever saves it from ``address``."""
    return not contains(networks, address)


def contains(networks: Iterable[Network | str], address: ClientAddress) -> bool:
    """Tell whether an address is certain and lies in one of the networks."""
    if address.address is None or not address.confident:
        return False
    return any(address.address in unmapped(ip_network(network)) for network in networks)
