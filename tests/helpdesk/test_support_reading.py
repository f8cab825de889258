"""Under support access one reads in the admin, and nothing else; without it, there is no such page."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from freezegun import freeze_time

from chat.services.messages import post_message
from helpdesk.client_ip import resolve
from helpdesk.models import AllowedNetwork, StaffMail, SupportGrant, SupportOpening, Ticket, User
from helpdesk.services.accounts import assign_managers
from helpdesk.services.people import deactivate_person
from helpdesk.services.support import NotEligible, end_support
from helpdesk.services.support_openings import NotGranted, open_supported, open_supported_file
from helpdesk.services.tickets import add_note, close_ticket
from privacy import ledger
from privacy.ledger.outbox import drain_outbox
from privacy.models import DataKey, LedgerEntry
from privacy.services.erasing.erasure import erase_units
from tests import factories
from tests.chat.beside import at_once
from tests.helpdesk.support import (
    LIST,
    WORDS,
    actions,
    address_of,
    answers,
    chat_of_crane,
    file_of,
    granted,
    list_of,
    params_of,
    ticket_with_file,
)
from tests.helpdesk.tickets import pdf

pytestmark = pytest.mark.django_db(transaction=True)

HERE = resolve("198.51.100.1", [])
AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def ticket(account, owner) -> Ticket:
    ticket = ticket_with_file(account)
    add_note(ticket=ticket, agent=owner, body="A note on herons")
    return ticket


@pytest.fixture
def grant(account, owner, manager) -> SupportGrant:
    return granted(account, manager, owner)


# --- Reading


@pytest.mark.parametrize("who", ["manager", "operator"])
def test_reader_opens_a_ticket_and_reads_all_of_it(account, owner, ticket, who, request, signed_in):
    reader = request.getfixturevalue(who)
    grant = granted(account, reader, owner)

    page = signed_in(reader).post(address_of(grant, ticket))

    assert page.status_code == 200
    text = page.content.decode()
    assert [word for word in (*WORDS, "A note on herons", owner.name) if word not in text] == []
    assert "no-store" in page["Cache-Control"]
    opening = SupportOpening.objects.get()
    assert (opening.grant, opening.unit, opening.unit_id) == (grant, "helpdesk.ticket", ticket.pk)
    assert not opening.is_file
    entry = LedgerEntry.objects.get(action="support.opened")
    assert entry.account_id == account.pk
    assert entry.params == {
        "grant": grant.pk.hex,
        "unit": "helpdesk.ticket",
        "thing": ledger.reference(ticket),
        "who": ledger.reference(reader),
    }


def test_reader_opens_a_chat_while_it_goes_on(account, grant, agent, manager_client):
    chat = chat_of_crane(account, agent=agent)

    text = manager_client.post(address_of(grant, chat, "chat")).content.decode()

    assert "A crane?" in text
    assert "Cara Crane" in text
    assert params_of("support.opened")["unit"] == "chat.conversation"
    chat.refresh_from_db()
    assert (chat.status, chat.agent, chat.agent_seen_seq) == ("active", agent, 0)


def test_page_of_what_is_read_has_no_way_to_answer(account, grant, ticket, manager_client):
    text = manager_client.post(address_of(grant, ticket)).content.decode()

    forms = [part.split('"')[0] for part in text.split('action="')[1:]]
    assert forms == [reverse("sign_out")]
    assert "<textarea" not in text


def test_each_opening_is_on_record_and_looking_at_lists_is_not(grant, ticket, manager_client):
    for path in (LIST, list_of(grant), address_of(grant, ticket)):
        manager_client.get(path)
    assert actions() == ["support.granted"]

    manager_client.post(address_of(grant, ticket))
    manager_client.post(address_of(grant, ticket))

    assert actions() == ["support.granted", "support.opened", "support.opened"]
    assert SupportOpening.objects.count() == 2


def test_address_of_an_opening_leads_back_to_the_list(grant, ticket, manager_client):
    answer = manager_client.get(address_of(grant, ticket))

    assert (answer.status_code, answer.url) == (302, f"{list_of(grant)}?kind=ticket")


def test_lists_show_numbers_and_dates_and_not_a_word(account, grant, ticket, manager_client):
    chat = chat_of_crane(account)

    pages = [
        manager_client.get(path).content.decode()
        for path in (LIST, f"{list_of(grant)}?kind=chat", f"{list_of(grant)}?kind=ticket")
    ]

    assert str(chat).capitalize() in pages[1]
    assert f"Ticket {ticket.number}" in pages[2]
    hidden = (*WORDS, "A crane?", "Cara Crane", "cara@mail.example")
    assert [word for word in hidden if word in "".join(pages)] == []


def test_list_finds_by_number_and_by_the_end_of_an_id(account, grant, ticket, manager_client):
    account.refresh_from_db()
    other = factories.ticket(account)
    chat, later = chat_of_crane(account), factories.chat(account)

    def found(kind: str, number: str) -> list:
        page = manager_client.get(list_of(grant), {"kind": kind, "number": number})
        return list(page.context["readable"].page.object_list)

    assert found("ticket", "") == [other, ticket]
    assert found("ticket", f" #{ticket.number} ") == found("ticket", f"Ticket {ticket.number}") == [ticket]
    assert found("chat", str(chat.pk)[-6:].upper()) == found("chat", str(chat)) == [chat]
    assert found("chat", str(later.pk)) == [later]
    for odd in ("0", "9" * 30, "-1", "٣", "1.5", "%", "_", "\x00", "1'--", "☃"):
        assert found("ticket", odd) == []
    for odd in ("%", "_" * 6, "\x00", "zzz", "1'--"):
        assert found("chat", odd) == []


@pytest.mark.parametrize("query", [{"kind": "nothing"}, {"page": "99"}, {"page": "x"}, {"kind": "\x00"}])
def test_odd_addresses_of_the_list_are_answered(grant, ticket, manager_client, query):
    assert manager_client.get(list_of(grant), query).status_code == 200


def test_list_costs_the_same_with_more_in_it(account, grant, manager_client, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(100) as seen:
            manager_client.get(list_of(grant), {"kind": "ticket"})
        return len(seen)

    factories.ticket(account)
    one = queries()
    factories.ticket(account)
    factories.ticket(account)

    assert queries() == one


def test_archive_stays_out_of_it(account, grant, ticket, owner, manager_client):
    close_ticket(ticket=ticket, by=owner)
    Ticket.objects.update(archived_at=AT)
    chat = chat_of_crane(account, closed_at=AT, archived_at=AT)

    assert manager_client.post(address_of(grant, ticket)).status_code == 404
    assert manager_client.post(address_of(grant, chat, "chat")).status_code == 404
    for kind in ("chat", "ticket"):
        page = manager_client.get(list_of(grant), {"kind": kind})
        assert page.context["readable"].page.object_list == []
        assert [tab.count for tab in page.context["readable"].tabs] == [0, 0]


def test_hold_is_no_matter_for_reading(grant, ticket, manager_client):
    factories.hold(ticket)

    assert "Torn heron" in manager_client.post(address_of(grant, ticket)).content.decode()


def test_what_was_erased_is_not_there(account, grant, ticket, manager_client):
    path = address_of(grant, ticket)
    erase_units(Ticket, [ticket.pk], account_id=account.pk, reason="by_hand", wait=True)

    assert manager_client.post(path).status_code == 404
    assert not SupportOpening.objects.exists()


def test_message_whose_key_is_lost_says_so(account, grant, manager_client):
    chat = chat_of_crane(account)
    DataKey.objects.filter(pk=chat.contact.key_id).delete()

    text = manager_client.post(address_of(grant, chat, "chat")).content.decode()

    assert "can&#x27;t be read: its key is lost" in text
    assert "A crane?" in text


# --- Files


def test_file_is_named_and_not_handed_over_unless_files_were_granted(grant, ticket, manager_client):
    text = manager_client.post(address_of(grant, ticket)).content.decode()

    assert "heron.pdf" in text
    assert file_of(grant, ticket) not in text
    assert manager_client.post(file_of(grant, ticket)).status_code == 404
    assert "support.file_opened" not in actions()


def test_file_is_handed_over_and_each_time_on_record(account, owner, operator, ticket, operator_client):
    grant = granted(account, operator, owner, with_files=True)
    assert file_of(grant, ticket) in operator_client.post(address_of(grant, ticket)).content.decode()

    answer = operator_client.post(file_of(grant, ticket))

    assert answer.content == b"%PDF torn"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    assert params_of("support.file_opened") == {
        "grant": grant.pk.hex,
        "unit": "helpdesk.ticket",
        "thing": ledger.reference(ticket),
        "who": ledger.reference(operator),
        "file": ledger.reference(ticket.files.get()),
    }
    assert [opening.is_file for opening in SupportOpening.objects.order_by("pk")] == [False, True]
    assert operator_client.get(file_of(grant, ticket)).status_code == 405


def test_file_of_a_chat_is_handed_over_too(account, owner, manager, manager_client):
    grant, chat = granted(account, manager, owner, with_files=True), chat_of_crane(account)
    post_message(conversation=chat, side="visitor", body="", files=[pdf("crane.pdf")])
    file = chat.files.get()
    path = reverse("admin:support_file", args=[grant.pk, "chat", chat.pk, file.pk])

    text = manager_client.post(address_of(grant, chat, "chat")).content.decode()
    answer = manager_client.post(path)

    assert "crane.pdf" in text
    assert f'action="{path}"' in text
    assert "/agent/" not in text
    assert answer.content == b"%PDF torn"
    assert params_of("support.file_opened")["file"] == ledger.reference(file)


def test_file_of_another_ticket_is_not_found(account, owner, manager, ticket, manager_client):
    grant, other = granted(account, manager, owner, with_files=True), ticket_with_file(account)
    crossed = file_of(grant, ticket).replace(str(ticket.files.get().pk), str(other.files.get().pk))

    assert manager_client.post(crossed).status_code == 404
    assert actions() == ["support.granted"]


# --- Who, when, from where


@pytest.mark.parametrize("who", ["manager", "operator"])
def test_without_a_grant_there_is_no_such_page(account, owner, ticket, who, request, signed_in):
    """And not under somebody else's grant either."""
    grant = granted(account, factories.manager(account), owner, with_files=True)
    client = signed_in(request.getfixturevalue(who))

    assert answers(client, grant, ticket) == {404}
    assert LIST not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("who", ["owner", "supervisor", "agent", "stranger"])
def test_people_of_accounts_have_no_door_here(account, owner, manager, ticket, who, request, signed_in):
    grant = granted(account, manager, owner, with_files=True)

    assert answers(signed_in(request.getfixturevalue(who)), grant, ticket) == {404}


def test_the_anonymous_are_asked_to_sign_in(grant, ticket):
    assert answers(Client(), grant, ticket) == {302}


def test_grant_opens_its_own_account_alone(account, other_account, owner, ticket, signed_in):
    both = factories.manager(account, other_account)
    grant = granted(other_account, both, factories.user(User.Role.OWNER, account=other_account))
    client = signed_in(both)

    assert client.post(address_of(grant, ticket)).status_code == 404
    assert list(client.get(list_of(grant), {"kind": "ticket"}).context["readable"].page.object_list) == []
    assert not SupportOpening.objects.exists()


def test_navigation_leads_there_only_with_a_grant(account, owner, manager, manager_client):
    before = manager_client.get("/admin/").content.decode()
    grant = granted(account, manager, owner)
    during = manager_client.get("/admin/").content.decode()
    end_support(grant=grant, by=owner)
    after = manager_client.get("/admin/").content.decode()

    assert [f'href="{LIST}"' in page for page in (before, during, after)] == [False, True, False]


def test_expired_grant_opens_nothing_from_that_second_on(account, owner, manager, ticket, signed_in):
    """No timetable has run: the clock alone decides, at each request."""
    grant = granted(account, manager, owner, hours=1, with_files=True)

    with freeze_time(grant.until - timedelta(seconds=1)):
        assert signed_in(manager).post(address_of(grant, ticket)).status_code == 200
    with freeze_time(grant.until):
        assert answers(signed_in(manager), grant, ticket) == {404}
    assert SupportGrant.objects.get().ended_at is None


def test_grant_that_is_ended_while_the_page_is_open_opens_nothing_more(
    account, owner, manager, ticket, manager_client
):
    grant = granted(account, manager, owner, with_files=True)
    page = manager_client.post(address_of(grant, ticket)).content.decode()
    assert reverse("admin:support_lease", args=[grant.pk]) in page
    assert manager_client.head(reverse("admin:support_lease", args=[grant.pk])).status_code == 204

    end_support(grant=grant, by=owner)

    assert answers(manager_client, grant, ticket) == {404}
    assert SupportOpening.objects.count() == 1


def test_manager_who_is_unassigned_meanwhile_opens_nothing_more(
    account, owner, manager, operator, ticket, manager_client
):
    grant = granted(account, manager, owner, with_files=True)
    assert manager_client.post(address_of(grant, ticket)).status_code == 200

    assign_managers(account=account, managers=[], by=operator)

    assert answers(manager_client, grant, ticket) == {404}


def test_grant_of_an_owner_who_is_switched_off_opens_nothing_more(
    account, owner, operator, manager, ticket, manager_client
):
    grant = granted(account, manager, owner, with_files=True)
    assert manager_client.post(address_of(grant, ticket)).status_code == 200

    deactivate_person(person=owner, by=operator)

    assert answers(manager_client, grant, ticket) == {404}


@pytest.mark.parametrize("who", ["manager", "operator"])
def test_from_outside_the_allowlist_there_is_no_such_page(
    account, other_account, owner, ticket, who, request, signed_in
):
    """The other account of the manager has no list, so that the admin itself is open to them."""
    reader = request.getfixturevalue(who)
    if reader.role == User.Role.MANAGER:
        reader = factories.manager(account, other_account)
    grant = granted(account, reader, owner, with_files=True)
    inside, outside = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "198.51.100.1"}
    client = signed_in(reader)
    AllowedNetwork.objects.create(account=account, network="203.0.113.0/24")
    type(account).objects.filter(pk=account.pk).update(allowlist_enabled=True)

    assert client.get("/admin/", **outside).status_code == 200
    assert answers(client, grant, ticket, **outside) == {404}
    assert answers(client, grant, ticket, HTTP_X_FORWARDED_FOR="203.0.113.9", **outside) == {404}
    assert client.post(address_of(grant, ticket), **inside).status_code == 200
    assert SupportOpening.objects.count() == 1


def test_service_asks_who_and_from_where_itself(account, owner, manager, operator, ticket):
    grant = granted(account, manager, owner)
    at_ticket = {"grant_id": grant.pk, "kind": "ticket", "pk": ticket.pk, "address": HERE}

    for by in (operator, owner):
        with pytest.raises(NotGranted):
            open_supported(by=by, **at_ticket)
    with pytest.raises(NotGranted):
        open_supported(by=manager, **at_ticket | {"kind": "contact"})
    with pytest.raises(NotGranted):
        open_supported(by=manager, **at_ticket | {"grant_id": ticket.pk})
    with pytest.raises(NotGranted):
        open_supported_file(by=manager, file_pk=ticket.files.get().pk, **at_ticket)
    type(account).objects.update(allowlist_enabled=True)
    with pytest.raises(NotGranted):
        open_supported(by=manager, **at_ticket)

    assert not SupportOpening.objects.exists()
    assert actions() == ["support.granted"]


def test_grant_opens_no_page_of_agents_and_nothing_else_of_the_admin(grant, ticket, manager_client):
    assert manager_client.get(reverse("ticket_detail", args=[ticket.pk])).status_code == 403
    for path in ("/admin/", f"/admin/helpdesk/account/{ticket.account_id}/change/", "/admin/holds/"):
        text = manager_client.get(path).content.decode()
        assert [word for word in WORDS if word in text] == []


# --- What the owner learns


def test_owners_are_told_by_mail_at_the_first_use_and_only_then(
    account, owner, manager, operator, grant, ticket, manager_client
):
    second = factories.user(User.Role.OWNER, account=account)
    factories.user(User.Role.OWNER, account=account, is_active=False)
    granted(account, operator, owner)
    StaffMail.objects.all().delete()

    manager_client.get(list_of(grant))
    assert not StaffMail.objects.exists()
    manager_client.post(address_of(grant, ticket))
    manager_client.post(address_of(grant, ticket))

    mails = list(StaffMail.objects.select_related("user").order_by("pk"))
    assert {mail.user for mail in mails} == {owner, second}
    assert len(mails) == 2
    assert mails[0].subject == "Bramble Books: support access is used"
    assert manager.name in mails[0].body
    assert reverse("support_access") in mails[0].body
    assert [word for word in WORDS if word in mails[0].body] == []
    grant.refresh_from_db()
    assert grant.first_used_at is not None


def test_lost_key_of_an_owner_keeps_the_mail_from_nobody_else(account, owner, grant, ticket, manager_client):
    second = factories.user(User.Role.OWNER, account=account)
    StaffMail.objects.all().delete()
    DataKey.objects.filter(pk=owner.key_id).delete()

    assert manager_client.post(address_of(grant, ticket)).status_code == 200

    assert [mail.user for mail in StaffMail.objects.all()] == [second]


def test_owner_sees_what_was_opened_and_when(account, owner, manager, ticket, owner_client, manager_client):
    grant = granted(account, manager, owner, with_files=True)
    chat = chat_of_crane(account)
    for path in (address_of(grant, ticket), file_of(grant, ticket), address_of(grant, chat, "chat")):
        manager_client.post(path)

    text = owner_client.get("/agent/support/").content.decode()

    for opening in SupportOpening.objects.all():
        assert opening.at.strftime("%Y-%m-%dT%H:%M:%S") in text
    rows = [row.split("</td>")[0] for row in text.split("<td>")[1:]]
    assert rows == [str(chat), f"a file of ticket {ticket.number}", f"ticket {ticket.number}"]
    assert [word for word in WORDS if word in text] == []


def test_owner_pages_through_all_openings(account, owner, grant, ticket, owner_client):
    for number in range(51):
        SupportOpening.objects.create(
            grant=grant, unit="helpdesk.ticket", unit_id=ticket.pk, at=AT + timedelta(minutes=number)
        )
    page = reverse("support_openings", args=[grant.pk])

    short = owner_client.get("/agent/support/").content.decode()
    first, second = owner_client.get(page), owner_client.get(page, {"page": 2})

    assert short.count(f"<td>ticket {ticket.number}</td>") == 5
    assert f'<a href="{page}">All 51 openings</a>' in short
    counts = [len(each.context["openings"].object_list) for each in (first, second)]
    assert counts == [50, 1]


def test_record_outlives_what_was_opened(account, grant, ticket, owner_client, manager_client):
    manager_client.post(address_of(grant, ticket))
    erase_units(Ticket, [ticket.pk], account_id=account.pk, reason="by_hand", wait=True)

    assert f"ticket {str(ticket.pk)[-6:]}, erased" in owner_client.get("/agent/support/").content.decode()


def test_ledger_page_says_it_in_words(account, owner, manager, ticket, manager_client):
    grant = granted(account, manager, owner, with_files=True)
    manager_client.post(address_of(grant, ticket))
    manager_client.post(file_of(grant, ticket))
    end_support(grant=grant, by=owner)
    with freeze_time(grant.created_at - timedelta(hours=9)):
        granted(account, manager, owner)
    granted(account, manager, owner)

    text = manager_client.get(reverse("admin:privacy_ledgerentry_changelist")).content.decode()

    for words in (
        "an owner let somebody of the house read chats and tickets (support.granted)",
        "a chat or ticket was opened under support access (support.opened)",
        "a file was opened under support access (support.file_opened)",
        "support access was ended (support.ended)",
        "support access ran out (support.expired)",
    ):
        assert words in text
    assert [word for word in WORDS if word in text] == []


# --- At the same moment


def test_nothing_is_opened_after_the_end_that_comes_at_the_same_moment(
    account, owner, manager, ticket, signed_in
):
    for _round in range(5):
        grant = granted(account, manager, owner)
        reader, giver = signed_in(manager), signed_in(owner)
        path, end = address_of(grant, ticket), reverse("support_end", args=[grant.pk])

        answers = at_once(
            lambda reader=reader, path=path: reader.post(path),
            lambda giver=giver, end=end: giver.post(end),
            lambda reader=reader, path=path: reader.post(path),
        )

        assert answers[1].status_code == 302
        opened = [answer.status_code for answer in (answers[0], answers[2])].count(200)
        grant.refresh_from_db()
        assert [opening.at <= grant.ended_at for opening in grant.openings.all()] == [True] * opened
    drain_outbox()
    done = LedgerEntry.objects.filter(action__in=["support.opened", "support.ended"]).order_by("seq")
    ended = set()
    for entry in done:
        assert entry.params["grant"] not in ended
        if entry.action == "support.ended":
            ended.add(entry.params["grant"])
    assert len(ended) == 5


def test_owner_is_told_once_of_two_first_uses_at_the_same_moment(
    account, owner, manager, grant, ticket, signed_in
):
    readers, path = [signed_in(manager), signed_in(manager)], address_of(grant, ticket)

    opened = at_once(*[lambda reader=reader: reader.post(path) for reader in readers])

    assert [answer.status_code for answer in opened] == [200, 200]
    assert StaffMail.objects.filter(user=owner).count() == 1


def test_owner_who_clicks_twice_grants_once(account, owner, manager, signed_in):
    form = {"person": str(manager.pk), "hours": "4", "reason": "Attachments don't arrive"}
    clients = [signed_in(owner), signed_in(owner), signed_in(owner)]

    granted = at_once(
        *[lambda client=client: client.post(reverse("support_grant"), form) for client in clients]
    )

    assert sorted(answer.status_code for answer in granted) == [302, 422, 422]
    assert SupportGrant.objects.count() == StaffMail.objects.count() == 1


def test_manager_unassigned_at_the_moment_of_the_grant_reads_nothing(account, owner, manager, operator):
    def grant_it():
        with suppress(NotEligible):
            granted(account, manager, owner)

    for _round in range(4):
        done = at_once(grant_it, lambda: assign_managers(account=account, managers=[], by=operator))
        assert done == [None, None]
        assign_managers(account=account, managers=[manager], by=operator)

        assert not SupportGrant.objects.in_force().exists()
