"""Technical data of visitors: which of it an account keeps, shortened before anything else sees it."""

from datetime import datetime
from ipaddress import IPv4Address, ip_network
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _

from helpdesk.browsers import browser_in_words
from helpdesk.client_ip import ClientAddress, address_of
from helpdesk.models import Account
from helpdesk.pages import NO_PAGE, HostPage
from privacy.categories import Category
from privacy.declarations import rows_in, units_in

# The settings of an account, and the parts that they are about.
KEPT = {"keep_address": "network", "keep_browser": "browser", "keep_page": "page"}
IPV4_BITS, IPV6_BITS = 24, 48


class Technical(NamedTuple):
    """What is kept of where somebody came from; a part is empty where it isn't known, or not kept."""

    network: str = ""
    browser: str = ""
    page: str = ""
    noted_at: datetime | None = None  # where that wasn't now

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in KEPT.values())


NOTHING = Technical()


def technical_of(request: HttpRequest, account: Account, *, page: HostPage = NO_PAGE) -> Technical:
    """Return of a request what the account keeps; the rest of it isn't even looked at."""
    return Technical(
        network_of(address_of(request)) if account.keep_address else "",
        browser_in_words(request.headers.get("User-Agent", "")) if account.keep_browser else "",
        str(page) if account.keep_page else "",
    )


def still_kept(technical: Technical, account: Account) -> Technical:
    """Return of what was noted earlier the parts that the account keeps today."""
    return technical._replace(**{name: "" for flag, name in KEPT.items() if not getattr(account, flag)})


def network_of(client: ClientAddress) -> str:
    """Return the network of an address, such as ``203.0.113.0/24``; empty where the address isn't certain."""
    address = client.address
    if address is None or not client.confident:
        return ""
    # An address of 6to4 would keep a whole IPv4 address in its first 48 bits.
    address = getattr(address, "sixtofour", None) or address
    bits = IPV4_BITS if isinstance(address, IPv4Address) else IPV6_BITS
    return str(ip_network(f"{address}/{bits}", strict=False))


def keeps_technical(account: Account) -> bool:
    """Tell whether the account keeps any technical data of new chats and tickets."""
    return any(getattr(account, flag) for flag in KEPT)


def is_stored(category: str, account: Account) -> bool:
    """Tell whether anything of a category is ever stored for an account.

    Technical data is only where the account keeps it, or as long as something is left from when it did.
    """
    units = units_in(category)
    if category != Category.TECHNICAL or keeps_technical(account):
        return bool(units or rows_in(category))
    return any(unit.rows().filter(account=account).exists() for unit in units)


def kept_in_words(account: Account) -> str:
    """Return what the account keeps and how it is shortened, to end a sentence; empty for nothing."""
    words = {
        "keep_address": _(
            "the network that you come from (your IP address without its end: 203.0.113.0/24 instead of "
            "203.0.113.7, or the first 48 bits of an IPv6 address)"
        ),
        "keep_browser": _("the name and main version of your browser, and its system"),
        "keep_page": _("the page on which the chat began, without what follows a question mark"),
    }
    return "; ".join(words[flag] for flag in KEPT if getattr(account, flag))
