"""One row whose key is lost takes no page with it: its place says so, and nothing of that is ever stored."""

from datetime import timedelta

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message
from chat.services.conversations import close_abandoned_chats
from chat.streams.rooms import Wish, read_rooms
from helpdesk.models import Contact, TicketFile, User
from privacy.encryption.errors import KeyLost, SealedMisuse
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.models import DataKey, LedgerEntry, Suspension
from privacy.services.erasing.holds import place_hold
from privacy.services.people.export import export_person
from tests import factories
from tests.helpdesk.tickets import opened, pdf, requester_of, visitor_with_link

pytestmark = pytest.mark.django_db(transaction=True)

LOST = "can&#x27;t be read: its key is lost"


def lose(*rows) -> None:
    """Lose the keys of rows, as a vault does that came back from an older copy."""
    DataKey.objects.filter(pk__in=[row.key_id for row in rows]).delete()


def page(client, name: str, *args) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


# --- Reading


def test_lost_value_reads_as_a_sentence_only_where_it_is_shown(visitor):
    lose(visitor)
    shown, read = Contact.objects.to_show().get(), Contact.objects.get()

    assert (shown.name, shown.email) == (UNREADABLE, UNREADABLE)
    with pytest.raises(KeyLost):
        _ = read.name


def test_sentence_is_never_stored(visitor):
    lose(visitor)
    other = factories.contact(visitor.account)
    other.name = Contact.objects.to_show().get(pk=visitor.pk).name

    with pytest.raises(SealedMisuse, match="can't be read"):
        other.save()

    assert Contact.objects.get(pk=other.pk).name.startswith("Visitor")


def test_export_says_that_a_key_is_lost_and_leaves_nothing_out(account, visitor):
    chat = factories.chat(account, contact=visitor)
    lose(chat)

    with pytest.raises(KeyLost):
        export_person(visitor)


@pytest.mark.parametrize("number", [1, 3])
def test_lost_keys_cost_a_page_no_query_each(account, django_assert_num_queries, number):
    lost, kept = [factories.contact(account) for _ in range(number)], factories.contact(account, name="Kept")
    lose(*lost)
    rows = list(Contact.objects.all())
    share_keys(rows, lost=UNREADABLE)

    # Once all keys, once the tombstones, once again the keys that are there.
    with django_assert_num_queries(3, connection=connections["vault"]):
        names = [row.name for row in rows]

    assert sorted(names) == sorted(["Kept", *[UNREADABLE] * number])
    assert kept in rows


# --- The agents' pages


def test_desk_shows_the_other_chats(account, agent, agent_client):
    lost = factories.chat(account, says=("nobody reads this",))
    factories.chat(account, says=("Is it open on Sunday?",))
    lose(lost, lost.contact)

    text = page(agent_client, "chat_list")

    assert "Is it open on Sunday?" in text
    assert LOST in text


def test_chat_whose_key_is_lost_has_a_page_that_says_so(account, agent, agent_client):
    chat = factories.chat(account, says=("one", "two"), agent=agent)
    lose(chat, chat.contact)

    text = page(agent_client, "chat_detail", chat.pk)

    assert text.count(f'<div class="message__body" dir="auto">{LOST}</div>') == 2
    assert "none recorded" in text  # whose consent it was can't be told any more


def test_closed_chats_are_listed(account, agent_client):
    chat = factories.chat(account, closed_at=timezone.now())
    lose(chat, chat.contact)

    assert LOST in page(agent_client, "chat_closed")


def test_tickets_are_listed(account, agent_client):
    lost, _kept = factories.ticket(account), factories.ticket(account, subject="A torn cover")
    lose(lost, lost.requester)

    text = page(agent_client, "ticket_list")

    assert f"<bdi>{LOST}</bdi>" in text
    assert "A torn cover" in text


def test_ticket_shows_what_can_be_read(account, agent_client):
    ticket = opened(account, files=[pdf("torn.pdf"), pdf("whole.pdf")])
    torn = next(file for file in TicketFile.objects.all() if file.name == "torn.pdf")
    lose(torn)

    text = page(agent_client, "ticket_detail", ticket.pk)
    from_outside = page(visitor_with_link(ticket), "ticket_thread", ticket.pk)

    for shown in (text, from_outside):
        assert f"<bdi>{LOST}</bdi>" in shown
        assert "whole.pdf" in shown
        assert "Page nine is torn." in shown


def test_ticket_of_which_everything_is_lost_has_a_page(account, agent_client):
    ticket = opened(account)
    lose(ticket, requester_of(ticket).contact)

    assert page(agent_client, "ticket_detail", ticket.pk).count(LOST) >= 3


def test_colleague_whose_key_is_lost_takes_no_page_along(account, agent_client, teammate):
    chat = factories.chat(account, agent=teammate)
    Message.objects.create(
        account=account,
        conversation=chat,
        key_id=chat.key_id,
        seq=2,
        side="agent",
        agent=teammate,
        body="Yes.",
    )
    ticket = factories.ticket(account, assignee=teammate)
    lose(teammate)

    assert LOST in page(agent_client, "chat_list")
    assert "Yes." in page(agent_client, "chat_detail", chat.pk)
    assert LOST in page(agent_client, "ticket_list")
    assert LOST in page(agent_client, "ticket_detail", ticket.pk)
    news = agent_client.get(reverse("chat_messages", args=[chat.pk]), {"after": 0})
    assert [entry["seq"] for entry in news.json()["entries"]] == [1, 2]


def test_page_that_says_why_something_is_kept_names_whom_it_can(account, agent_client, supervisor):
    chat, ticket = factories.chat(account), factories.ticket(account)
    for unit in (chat, ticket):
        place_hold(
            unit=unit,
            by=supervisor,
            basis=Suspension.Basis.CLAIM,
            reason="A claim is open.",
            review_on=timezone.now().date() + timedelta(days=90),
        )
    lose(chat, ticket, chat.contact, ticket.requester, supervisor)

    for name, unit in (("chat_kept", chat), ("ticket_kept", ticket)):
        text = page(agent_client, name, unit.pk)
        assert "A claim is open." in text
        assert LOST in text


def test_visitors_still_hear_from_an_agent_whose_key_is_lost(account, teammate):
    chat = factories.chat(account, agent=teammate)
    lose(teammate)

    room = read_rooms({chat.pk: Wish(0, {"visitor"})})[chat.pk]

    assert (room.agent, [entry.seq for entry in room.entries]) == ("", [1])


def test_agent_whose_own_key_is_lost_works_on(account, agent, agent_client):
    factories.chat(account, says=("Is it open on Sunday?",))
    lose(agent)

    text = page(agent_client, "chat_list")

    assert "Is it open on Sunday?" in text
    assert f'<span class="user-button__name">{LOST}</span>' in text


# --- What can't be done


def test_answer_to_what_is_lost_is_refused_with_a_page_that_says_why(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)
    lose(chat)

    answer = agent_client.post(reverse("chat_messages", args=[chat.pk]), {"body": "Hello?", "after": "0"})

    assert answer.status_code == 503
    assert "Its key is lost, so nobody can read it or add to it any more." in answer.content.decode()
    assert Message.objects.count() == 1


def test_file_whose_key_is_lost_is_not_downloaded(account, agent_client):
    ticket = opened(account, files=[pdf()])
    file = TicketFile.objects.get()
    lose(file)

    answer = agent_client.get(reverse("ticket_file_download", args=[ticket.pk, file.pk]))

    assert (answer.status_code, "This can't be read" in answer.content.decode()) == (503, True)


def test_other_errors_stay_errors(account, agent_client, monkeypatch):
    monkeypatch.setattr("helpdesk.views.tickets_agent.read_ticket_list", lambda **kwargs: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        agent_client.get(reverse("ticket_list"))


def test_chat_whose_key_is_lost_keeps_no_other_chat_open(account):
    silent = {"last_message_at": timezone.now() - timedelta(days=2)}
    lost, kept = factories.chat(account, **silent), factories.chat(account, **silent)
    lose(lost)

    assert close_abandoned_chats() == 1

    assert Conversation.objects.get(pk=kept.pk).status == Conversation.Status.CLOSED
    assert Conversation.objects.get(pk=lost.pk).status == Conversation.Status.WAITING


# --- People who sign in


def test_operator_gives_somebody_whose_key_is_lost_a_new_name_and_address(account, teammate, operator_client):
    lose(teammate)
    address = reverse("admin:helpdesk_user_change", args=[teammate.pk])

    assert LOST in page(operator_client, "admin:helpdesk_user_changelist")
    form = operator_client.get(address).context["adminform"].form
    assert (form["name"].value(), form["email"].value()) == (None, None)
    new = {"name": "Tom Again", "email": "tom.again@staff.example", "role": "agent", "is_active": "on"}
    saved = operator_client.post(address, new | {"new_password": ""})

    assert saved.status_code == 302
    person = User.objects.get(pk=teammate.pk)
    assert (person.name, person.email) == ("Tom Again", "tom.again@staff.example")
    assert person.key_id != teammate.key_id
    assert LedgerEntry.objects.get(action="person.corrected").params["fields"] == ["name", "email"]


def test_account_whose_owner_is_lost_can_still_be_changed(account, owner, operator_client):
    lose(owner)

    assert LOST in page(operator_client, "admin:helpdesk_account_change", account.pk)
