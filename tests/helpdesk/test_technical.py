"""Technical data: nothing by default, shortened where it is on, gone by its own rule or with its ticket."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.client_ip import NOWHERE, ClientAddress
from helpdesk.models import Ticket, TicketTechnicalData
from helpdesk.services.technical import noted_with
from helpdesk.services.tickets import close_ticket
from helpdesk.technical import NOTHING, Technical, network_of
from privacy.categories import Category
from privacy.models import DataKey
from privacy.services.erasing.purge import purge
from privacy.services.people.export import export_person
from privacy.terms import Clock, Rule
from tests import factories
from tests.helpdesk.tickets import form_of, opened, posted

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
KEPT = Technical("203.0.113.0/24", "Firefox 141 on Windows")


def certain(address: str) -> ClientAddress:
    return ClientAddress(ip_address(address), True)


def keep(account, *names: str) -> None:
    for name in names:
        setattr(account, f"keep_{name}", True)
    account.save()


def send(account, *, address: str = "203.0.113.7", **headers: str):
    """Open a ticket by the public form, from an address and with a browser."""
    client = Client(headers={"user-agent": FIREFOX} | headers, REMOTE_ADDR=address)
    response = client.post(form_of(account), posted(account))
    assert response.status_code == 302
    return Ticket.objects.get()


# What is kept


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.0", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::1", "::/48"),
        ("2002:cb00:7107::1", "203.0.113.0/24"),  # 6to4: the first 48 bits are all of 203.0.113.7
    ],
)
def test_address_is_shortened_to_its_network(address, network):
    assert network_of(certain(address)) == network


@given(st.ip_addresses())
def test_network_never_says_more_than_24_or_48_bits(address):
    network = ip_network(network_of(ClientAddress(address, True)))

    assert network.prefixlen == (24 if network.version == 4 else 48)
    assert str(address) == str(network.network_address) or str(address) not in str(network)


def test_address_that_is_not_certain_is_not_kept():
    assert network_of(ClientAddress(ip_address("203.0.113.7"), False)) == network_of(NOWHERE) == ""


@pytest.mark.parametrize(
    ("on", "kept"),
    [
        (["address"], ("203.0.113.0/24", "", "")),
        (["browser"], ("", "Firefox 141 on Windows", "")),
        (["address", "browser", "page"], ("203.0.113.0/24", "Firefox 141 on Windows", "")),
    ],
)
def test_ticket_keeps_what_is_on_and_no_more(account, on, kept):
    keep(account, *on)

    ticket = send(account)

    row = TicketTechnicalData.objects.get(ticket=ticket)
    assert (row.network, row.browser, row.page) == kept
    assert row.key_id != ticket.key_id
    assert DataKey.objects.get(pk=row.key_id).kind == DataKey.Kind.TECHNICAL


@pytest.mark.parametrize("on", [[], ["page"]])
def test_where_nothing_is_kept_there_is_neither_row_nor_key(account, on):
    keep(account, *on)

    send(account)

    assert not TicketTechnicalData.objects.exists()
    assert not DataKey.objects.filter(kind=DataKey.Kind.TECHNICAL).exists()


def test_mapped_address_is_the_ipv4_address_that_it_is(account):
    keep(account, "address")

    assert send(account, address="::ffff:203.0.113.7").technical.network == "203.0.113.0/24"


def test_header_that_no_trusted_proxy_wrote_is_not_believed(account):
    keep(account, "address")

    ticket = send(account, **{"x-forwarded-for": "198.51.100.9"})

    assert ticket.technical.network == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("forwarded", "rows"), [("198.51.100.9", 1), ("", 0), ("nonsense", 0)], ids=["named", "silent", "odd"]
)
def test_behind_a_proxy_only_what_it_says_for_certain_is_kept(account, settings, forwarded, rows):
    settings.LETHE_TRUSTED_PROXIES = ["203.0.113.0/24"]
    keep(account, "address")

    send(account, **{"x-forwarded-for": forwarded})

    assert [row.network for row in TicketTechnicalData.objects.all()] == ["198.51.100.0/24"] * rows


def test_refused_form_keeps_nothing(account):
    keep(account, "address", "browser", "page")
    client = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.7")

    response = client.post(form_of(account), posted(account) | {"consent_answer": ""})

    assert response.status_code == 422
    assert not TicketTechnicalData.objects.exists()
    assert not DataKey.objects.filter(kind=DataKey.Kind.TECHNICAL).exists()


def test_what_was_noted_earlier_goes_on_only_where_it_is_still_wanted(account):
    keep(account, "address", "browser")
    row = send(account).technical
    account.keep_address = False
    account.save()

    row = TicketTechnicalData.objects.get()

    assert noted_with(row) == Technical("", "Firefox 141 on Windows", "", row.created_at)
    assert noted_with(None) == NOTHING


# Until when


def test_technical_data_goes_before_its_ticket_by_its_own_rule(account):
    ticket = opened(account, technical=KEPT._replace(noted_at=NOW - timedelta(days=8)))
    close_of(ticket, NOW - timedelta(days=8))
    factories.policy(account, Category.TECHNICAL, amount=7)
    key_id = ticket.technical.key_id

    report = purge(now=NOW)

    assert report.by_category == {"technical": 1}
    assert not TicketTechnicalData.objects.exists()
    assert not DataKey.objects.filter(pk=key_id).exists()
    assert Ticket.objects.get().messages.get().body == "Page nine is torn."


def test_technical_data_of_an_open_ticket_goes_too_where_its_clock_began_with_it(account):
    opened(account, technical=KEPT._replace(noted_at=NOW - timedelta(days=8)))
    factories.policy(account, Category.TECHNICAL, amount=7)
    assert purge(now=NOW).due == 0
    rule = factories.policy(account, Category.TECHNICAL, amount=7)
    rule.clock = Clock.CREATED
    rule.save()

    assert purge(now=NOW).by_category == {"technical": 1}
    assert Ticket.objects.get().closed_at is None


@pytest.mark.parametrize("clock", [Clock.CLOSED, Clock.CREATED])
def test_at_once_means_as_soon_as_it_is_closed_whatever_was_counted_before(account, agent, clock):
    ticket = opened(account, technical=KEPT)
    rule = factories.policy(account, Category.TECHNICAL, rule=Rule.AT_ONCE)
    rule.clock = clock
    rule.save()
    assert purge().due == 0

    close_ticket(ticket=ticket, by=agent)

    assert not TicketTechnicalData.objects.exists()
    assert Ticket.objects.exists()
    assert purge().due == 0


def test_technical_data_goes_with_its_ticket_whatever_its_own_rule(account, agent):
    ticket = opened(account, technical=KEPT)
    factories.policy(account, Category.TECHNICAL, rule=Rule.KEEP)
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    key_id = ticket.technical.key_id

    close_ticket(ticket=ticket, by=agent)

    assert not TicketTechnicalData.objects.exists()
    assert not DataKey.objects.filter(pk=key_id).exists()


def test_hold_on_the_ticket_holds_its_technical_data(account):
    ticket = opened(account, technical=KEPT._replace(noted_at=NOW - timedelta(days=8)))
    close_of(ticket, NOW - timedelta(days=8))
    factories.policy(account, Category.TECHNICAL, amount=7)
    factories.hold(ticket)

    report = purge(now=NOW)

    assert (report.due, report.held) == (0, 1)
    assert TicketTechnicalData.objects.exists()


# Who reads it


def test_agent_sees_it_beside_the_ticket_with_until_when(account, agent_client):
    factories.policy(account, Category.TECHNICAL, amount=7)
    ticket = opened(account, technical=KEPT)

    page = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text

    assert "203.0.113.0/24" in page
    assert "Firefox 141 on Windows" in page
    assert "Erased 7 days after it is closed, and with the rest at the latest" in page


def test_stranger_sees_nothing_of_it(account, stranger, signed_in):
    ticket = opened(account, technical=KEPT)

    page = signed_in(stranger).get(reverse("ticket_detail", args=[ticket.pk]))

    assert page.status_code == 404
    assert "203.0.113" not in page.text


@pytest.mark.parametrize(("technical", "ticket", "first"), [(7, 30, 7), (30, 7, 7)])
def test_moment_that_is_shown_is_the_one_that_comes_first(
    account, agent, agent_client, technical, ticket, first
):
    factories.policy(account, Category.TECHNICAL, amount=technical)
    factories.policy(account, Category.TICKET, amount=ticket)
    made = opened(account, technical=KEPT)
    close_ticket(ticket=made, by=agent)

    thread = agent_client.get(reverse("ticket_detail", args=[made.pk])).context["thread"]

    assert thread.technical_expiry.at == Ticket.objects.get().closed_at + timedelta(days=first)


def test_moment_of_a_held_ticket_is_that_it_is_held(account, agent_client):
    made = opened(account, technical=KEPT)
    factories.hold(made)

    thread = agent_client.get(reverse("ticket_detail", args=[made.pk])).context["thread"]

    assert thread.technical_expiry.is_held


def test_copy_for_the_person_has_it(account):
    ticket = opened(account, technical=KEPT)

    copied = export_person(ticket.requester)["categories"]["technical"]

    (row,) = copied["helpdesk.tickettechnicaldata"]
    assert (row["network"], row["browser"], row["page"]) == ("203.0.113.0/24", "Firefox 141 on Windows", "")


# The notice


def notice(client, account) -> str:
    return client.get(reverse("privacy_notice", args=[account.public_id])).text


def test_notice_says_nothing_of_technical_data_where_none_is_kept(client, account):
    text = notice(client, account)

    assert "we also keep" not in text
    assert "Your network address is not stored with what you write." in text


def test_notice_says_which_parts_are_kept_how_they_are_shortened_and_until_when(client, account):
    factories.policy(account, Category.TECHNICAL, amount=7)
    keep(account, "address")

    assert (
        "With a chat or ticket we also keep: the network that you come from (your IP address without its "
        "end: 203.0.113.0/24 instead of 203.0.113.7, or the first 48 bits of an IPv6 address). This is "
        "erased 7 days after it is closed, and with the chat or ticket at the latest."
    ) in notice(client, account)
    assert "Your whole network address is never stored" in notice(client, account)

    account.keep_address = False
    keep(account, "browser", "page")

    assert (
        "we also keep: the name and main version of your browser, and its system; the page on which the "
        "chat began, without what follows a question mark. This is erased"
    ) in notice(client, account)
    assert "203.0.113" not in notice(client, account)


def test_notice_tells_of_what_is_left_after_it_was_switched_off(client, account):
    opened(account, technical=KEPT)
    assert "What is left from earlier is erased" in notice(client, account)

    TicketTechnicalData.objects.all().delete()

    assert "technical data" not in notice(client, account)


def close_of(ticket: Ticket, at: datetime) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(status="closed", closed_at=at, created_at=at)
    assert at < timezone.now()
