"""The archive's readers: named by the account, a purpose each time, and every opening on record."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from chat.models import Conversation
from helpdesk.models import Ticket, TicketFile, User
from helpdesk.services.archive import NotInArchive, open_archived, set_readers
from helpdesk.services.tickets import add_note, close_ticket
from privacy import ledger
from privacy.models import ArchiveOpening, ArchiveReader, LedgerEntry
from privacy.services.erasing.erasure import erase_units
from tests import factories
from tests.chat.sending import PNG, png, send
from tests.helpdesk.tickets import opened, pdf

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
PURPOSE = "The authority asks for it"
LIST = "/agent/archive/"


@pytest.fixture
def reader(account, agent) -> User:
    ArchiveReader.objects.create(account=account, user=agent)
    return agent


@pytest.fixture
def ticket(account, owner) -> Ticket:
    ticket = opened(account, subject="Torn heron", name="Vera Heron", files=[pdf("heron.pdf")])
    add_note(ticket=ticket, agent=owner, body="A note on herons")
    close_ticket(ticket=ticket, by=owner)
    Ticket.objects.filter(pk=ticket.pk).update(closed_at=AT, archived_at=AT)
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def chat(account, agent):
    contact = factories.contact(account, name="Cara Crane", email="cara@mail.example")
    return factories.chat(
        account, says=("A crane?",), contact=contact, status="closed", closed_at=AT, archived_at=AT
    )


def address_of(kind: str, row) -> str:
    return reverse("archive_open", args=[kind, row.pk])


def actions() -> list[str]:
    ours = LedgerEntry.objects.filter(action__startswith="archive.").order_by("seq")
    return list(ours.values_list("action", flat=True))


# --- Who


@pytest.mark.parametrize("by", ["owner", "manager"])
def test_owner_and_manager_name_the_readers(account, agent, teammate, by, request):
    by = request.getfixturevalue(by)

    set_readers(account=account, people=[agent], by=by)
    set_readers(account=account, people=[agent], by=by)
    set_readers(account=account, people=[teammate], by=by)

    assert [reader.user for reader in account.archive_readers.all()] == [teammate]
    assert actions() == ["archive.reader_added", "archive.reader_removed", "archive.reader_added"]
    assert LedgerEntry.objects.filter(action="archive.reader_added").first().params == {
        "reader": ledger.reference(agent),
        "who": ledger.reference(by),
    }


@pytest.mark.parametrize("by", ["operator", "supervisor", "agent", "stranger"])
def test_nobody_else_names_readers(account, agent, by, request):
    with pytest.raises(PermissionDenied):
        set_readers(account=account, people=[agent], by=request.getfixturevalue(by))

    assert not ArchiveReader.objects.exists()


@pytest.mark.parametrize("reader", ["stranger", "operator", "manager"])
def test_readers_are_people_of_the_account(account, owner, reader, request):
    with pytest.raises(PermissionDenied):
        set_readers(account=account, people=[request.getfixturevalue(reader)], by=owner)

    assert not ArchiveReader.objects.exists()


def test_owner_names_readers_in_a_form(account, owner_client, agent, stranger):
    page = owner_client.post(reverse("archive_readers"), {"people": [agent.pk]}, follow=True)

    assert page.redirect_chain == [(LIST, 302)]
    assert page.context["form"].initial["people"] == [agent.pk]
    refused = owner_client.post(reverse("archive_readers"), {"people": [stranger.pk]})
    assert refused.status_code == 422
    assert list(ArchiveReader.objects.values_list("user", flat=True)) == [agent.pk]


@pytest.mark.parametrize("who", ["agent", "supervisor"])
def test_form_of_readers_is_the_owners_alone(account, agent, who, request, signed_in):
    client = signed_in(request.getfixturevalue(who))

    assert client.post(reverse("archive_readers"), {"people": [agent.pk]}).status_code == 403
    assert not ArchiveReader.objects.exists()


def test_manager_names_readers_in_the_admin(account, agent, manager_client):
    page = reverse("admin:helpdesk_account_archive", args=[account.pk])
    assert manager_client.get(page).status_code == 200

    assert manager_client.post(page, {"people": [agent.pk]}).status_code == 302

    assert list(ArchiveReader.objects.values_list("user", flat=True)) == [agent.pk]


def test_operator_sees_the_readers_and_names_none(account, reader, operator_client):
    page = reverse("admin:helpdesk_account_archive", args=[account.pk])

    shown = operator_client.get(page).content.decode()
    assert reader.name in shown
    assert "<form" not in shown.split('id="readers"')[1].split("</section>")[0]
    assert operator_client.post(page, {"people": []}).status_code == 403
    assert ArchiveReader.objects.count() == 1


def test_manager_of_another_account_finds_nothing(account, other_account, signed_in):
    other = factories.manager(other_account)
    page = reverse("admin:helpdesk_account_archive", args=[account.pk])

    assert signed_in(other).get(page).status_code == 404


# --- What is seen


def test_list_shows_numbers_and_dates_and_not_a_word(account, reader, agent_client, ticket, chat):
    tickets = agent_client.get(LIST, {"kind": "ticket"}).content.decode()
    chats = agent_client.get(LIST, {"kind": "chat"}).content.decode()

    assert f"Ticket {ticket.number}" in tickets
    assert str(chat).capitalize() in chats
    for word in ("heron", "Heron", "vera@", "Vera", "crane", "Cara"):
        assert word not in tickets + chats
    assert actions() == []


def test_list_holds_only_what_is_in_the_archive_of_the_account(account, other_account, reader, agent_client):
    factories.ticket(account, closed_at=AT)
    factories.ticket(other_account, closed_at=AT, archived_at=AT)

    listed = agent_client.get(LIST, {"kind": "ticket"}).context["listed"]

    assert list(listed.page.object_list) == []
    assert [tab.count for tab in listed.tabs] == [0, 0]


def test_list_costs_the_same_with_more_in_it(account, reader, agent_client, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(100) as seen:
            agent_client.get(LIST, {"kind": "ticket"})
        return len(seen)

    factories.ticket(account, closed_at=AT, archived_at=AT)
    one = queries()
    for _number in range(2):
        factories.ticket(account, closed_at=AT, archived_at=AT)

    assert queries() == one


def test_agents_who_are_not_named_are_told_so(account, ticket, agent_client):
    page = agent_client.get(LIST)

    assert page.status_code == 403
    assert "The archive is not open to you" in page.content.decode()
    assert f"Ticket {ticket.number}" not in page.content.decode()


@pytest.mark.parametrize("who", ["agent", "supervisor", "owner", "stranger"])
def test_nobody_opens_without_being_named(account, ticket, who, request, signed_in):
    """Not even the owner: first they name themselves, and that is on record."""
    client = signed_in(request.getfixturevalue(who))
    file = reverse("archive_file", args=["ticket", ticket.pk, TicketFile.objects.get().pk])

    assert client.get(address_of("ticket", ticket)).status_code == 404
    assert client.post(address_of("ticket", ticket), {"purpose": PURPOSE}).status_code == 404
    assert client.post(file, {"purpose": PURPOSE}).status_code == 404
    assert not ArchiveOpening.objects.exists()
    with pytest.raises(PermissionDenied):
        open_archived(kind="ticket", pk=ticket.pk, by=request.getfixturevalue(who), purpose=PURPOSE)


def test_reader_of_one_account_opens_nothing_of_another(ticket, other_account, stranger, signed_in):
    ArchiveReader.objects.create(account=other_account, user=stranger)

    assert signed_in(stranger).post(address_of("ticket", ticket), {"purpose": PURPOSE}).status_code == 404
    with pytest.raises(NotInArchive):
        open_archived(kind="ticket", pk=ticket.pk, by=stranger, purpose=PURPOSE)


def test_reader_who_was_struck_off_opens_nothing_any_more(account, reader, owner, ticket, agent_client):
    set_readers(account=account, people=[], by=owner)

    assert agent_client.post(address_of("ticket", ticket), {"purpose": PURPOSE}).status_code == 404


# --- Opening


def test_reader_opens_a_ticket_with_a_purpose(account, reader, ticket, agent_client):
    asked = agent_client.get(address_of("ticket", ticket)).content.decode()
    assert "heron" not in asked.lower()

    page = agent_client.post(address_of("ticket", ticket), {"purpose": PURPOSE})

    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Torn heron", "Vera Heron", "Page nine is torn.", "A note on herons", "heron.pdf"):
        assert words in text
    assert "no-store" in page["Cache-Control"]
    opening = ArchiveOpening.objects.get()
    assert (opening.user, opening.unit, opening.unit_id, opening.purpose) == (
        reader,
        "helpdesk.ticket",
        ticket.pk,
        PURPOSE,
    )
    noted = LedgerEntry.objects.get(action="archive.opened")
    assert noted.account_id == account.pk
    assert noted.params == {
        "unit": "helpdesk.ticket",
        "thing": ledger.reference(ticket),
        "who": ledger.reference(reader),
    }


def test_reader_opens_a_chat_with_a_purpose(reader, chat, agent_client):
    purpose = "A claim of <b>Crane & Co</b>"

    text = agent_client.post(address_of("chat", chat), {"purpose": purpose}).content.decode()

    assert "For: A claim of &lt;b&gt;Crane &amp; Co&lt;/b&gt;." in text

    assert "A crane?" in text
    assert "Cara Crane" in text
    assert ArchiveOpening.objects.get().unit == "chat.conversation"


def test_opening_gives_no_lasting_right(reader, ticket, agent_client):
    agent_client.post(address_of("ticket", ticket), {"purpose": PURPOSE})

    again = agent_client.get(address_of("ticket", ticket)).content.decode()

    assert "heron" not in again.lower()
    assert agent_client.get(reverse("ticket_detail", args=[ticket.pk])).status_code == 404
    ticket.refresh_from_db()
    assert (ticket.status, ticket.archived_at) == ("closed", AT)


@pytest.mark.parametrize("purpose", ["", "audit", " " * 20, "one line\nand another", "null \x00 is no word"])
def test_opening_needs_a_purpose(reader, ticket, agent_client, purpose):
    page = agent_client.post(address_of("ticket", ticket), {"purpose": purpose})

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"purpose"}
    assert "heron" not in page.content.decode().lower()
    assert not ArchiveOpening.objects.exists()


def test_each_download_is_an_opening(reader, ticket, agent_client):
    file = TicketFile.objects.get()
    address = reverse("archive_file", args=["ticket", ticket.pk, file.pk])

    assert agent_client.post(address, {"purpose": "short"}).status_code == 422
    answer = agent_client.post(address, {"purpose": PURPOSE})

    assert answer.content == b"%PDF torn"
    assert "no-store" in answer["Cache-Control"]
    assert actions() == ["archive.opened"]


def test_file_of_a_chat_is_opened_the_same_way(reader, chat, agent_client):
    Conversation.objects.update(closed_at=None, archived_at=None, status="waiting")
    (file,) = send(chat, png("crane.png"))
    Conversation.objects.update(closed_at=AT, archived_at=AT, status="closed")
    address = reverse("archive_file", args=["chat", chat.pk, file.pk])

    page = agent_client.post(address_of("chat", chat), {"purpose": PURPOSE}).text
    answer = agent_client.post(address, {"purpose": PURPOSE})

    assert "crane.png" in page
    assert f'action="{address}"' in page
    assert reverse("chat_file", args=[chat.pk, file.pk]) not in page
    assert answer.content == PNG
    assert agent_client.post(address, {"purpose": "short"}).status_code == 422
    assert actions() == ["archive.opened"] * 2


def test_file_of_another_ticket_is_not_found(account, reader, ticket, agent_client):
    opened(account, email="other@mail.example", files=[pdf("other.pdf")])
    other = TicketFile.objects.exclude(ticket=ticket).get()

    address = reverse("archive_file", args=["ticket", ticket.pk, other.pk])
    assert agent_client.post(address, {"purpose": PURPOSE}).status_code == 404


def test_what_is_not_in_the_archive_is_not_opened(account, reader, agent_client):
    living = factories.ticket(account, closed_at=AT)

    assert agent_client.post(address_of("ticket", living), {"purpose": PURPOSE}).status_code == 404
    assert agent_client.post(address_of("nothing", living), {"purpose": PURPOSE}).status_code == 404


# --- Afterwards


def test_owner_reads_every_opening_and_the_admin_its_date(
    account, reader, chat, owner_client, manager_client, agent_client
):
    agent_client.post(address_of("chat", chat), {"purpose": PURPOSE})

    for_owner = owner_client.get(LIST).content.decode()
    in_admin = manager_client.get(
        reverse("admin:helpdesk_account_archive", args=[account.pk])
    ).content.decode()

    thing = f"chat {str(chat.pk)[-6:]}"
    assert [thing in for_owner, reader.name in for_owner, PURPOSE in for_owner] == [True, True, True]
    assert [thing in in_admin, reader.name in in_admin, PURPOSE in in_admin] == [True, True, False]
    assert PURPOSE not in agent_client.get(LIST).content.decode()


def test_purpose_is_in_no_entry_of_the_ledger(reader, ticket, agent_client):
    agent_client.post(address_of("ticket", ticket), {"purpose": PURPOSE})

    assert not any("authority" in str(entry.params) for entry in LedgerEntry.objects.all())


def test_record_of_an_opening_outlives_what_was_opened(account, reader, ticket, owner_client, agent_client):
    agent_client.post(address_of("ticket", ticket), {"purpose": PURPOSE})
    assert f"ticket {ticket.number}" in owner_client.get(LIST).content.decode()
    erase_units(Ticket, [ticket.pk], account_id=account.pk, reason="by_hand", wait=True)

    assert PURPOSE in owner_client.get(LIST).content.decode()
    assert f"ticket {str(ticket.pk)[-6:]}, erased" in owner_client.get(LIST).content.decode()
    assert "heron" not in owner_client.get(LIST).content.decode().lower()


def test_hold_on_what_is_archived_shows_in_the_list(account, reader, ticket, agent_client):
    factories.hold(ticket)

    listed = agent_client.get(LIST, {"kind": "ticket"}).context["listed"]

    assert listed.page.object_list[0].expiry.is_held
