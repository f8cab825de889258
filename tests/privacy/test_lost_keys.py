"""After an older vault came back, what nobody can read any more is erased, and only that."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Conversation, Message
from helpdesk.models import Contact, Ticket, TicketFile, TicketMessage, User
from privacy import ledger, vault
from privacy.encryption.files import sealed_storage
from privacy.models import ConsentRecord, DataKey, Erasure, LedgerEntry, Tombstone
from privacy.services.erasing.lost_keys import lost_keys
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.erasing.unreadable import Unreadable, erase_unreadable
from privacy.services.evidence.ledger_words import reason_in_words
from privacy.services.restoring.replay import Gate, gate_state
from tests import factories
from tests.helpdesk.tickets import opened, pdf, requester_of

pytestmark = pytest.mark.django_db(transaction=True)


def lose(*rows) -> None:
    """Lose the keys of rows, as a vault does that came back from an older copy."""
    DataKey.objects.filter(pk__in=[row.key_id for row in rows]).delete()


def run(*options: str) -> str:
    output = StringIO()
    call_command("erase_unreadable", *options, stdout=output)
    return output.getvalue()


def counted(found: Unreadable) -> dict[str, int]:
    return {model: count for model, count in found.erased.items() if count}


# --- What is erased, and what stays


def test_chat_that_nobody_can_read_is_erased_with_its_contact(account):
    lost, kept = factories.chat(account), factories.chat(account, says=("kept",))
    lose(lost, lost.contact)

    found = erase_unreadable()

    assert counted(found) == {"chat.conversation": 1, "helpdesk.contact": 1}
    assert (found.keys, found.left, found.emptied, found.held) == (2, 0, 0, 0)
    assert [chat.pk for chat in Conversation.objects.all()] == [kept.pk]
    assert [message.body for message in Message.objects.all()] == ["kept"]
    assert set(Tombstone.objects.values_list("key_id", flat=True)) >= {lost.key_id, lost.contact.key_id}
    assert lost_keys() == set()


def test_file_goes_alone_and_its_ticket_stays(account):
    ticket = opened(account, files=[pdf("torn.pdf"), pdf("whole.pdf")])
    torn = next(file for file in TicketFile.objects.all() if file.name == "torn.pdf")
    lose(torn)

    found = erase_unreadable()

    assert counted(found) == {"helpdesk.ticketfile": 1}
    assert [file.name for file in TicketFile.objects.all()] == ["whole.pdf"]
    assert not sealed_storage().exists(torn.stored_as)
    assert Ticket.objects.get().subject == ticket.subject


def test_ticket_goes_with_its_readable_files(account):
    ticket = opened(account, files=[pdf()])
    lose(ticket)
    stored = TicketFile.objects.get()

    found = erase_unreadable()

    assert counted(found)["helpdesk.ticket"] == 1
    assert "helpdesk.ticketfile" not in counted(found)
    assert [model.objects.count() for model in (Ticket, TicketMessage, TicketFile)] == [0, 0, 0]
    assert not sealed_storage().exists(stored.stored_as)


def test_contact_with_something_readable_keeps_it_and_loses_name_and_address(account):
    contact = factories.contact(account)
    readable, lost = (factories.ticket(account, requester=contact) for _ in range(2))
    lose(contact, lost)

    found = erase_unreadable()

    assert (counted(found), found.emptied, found.left) == ({"helpdesk.ticket": 1}, 1, 0)
    emptied = Contact.objects.get()
    assert (emptied.pk, emptied.name, emptied.email, emptied.email_index) == (contact.pk, "", "", "")
    assert Ticket.objects.get().subject == readable.subject
    emptied.name = "Vera again"
    emptied.save()
    assert Contact.objects.get().name == "Vera again"


def test_old_key_of_an_emptied_contact_is_buried(account):
    ticket = factories.ticket(account)
    lose(ticket.requester)

    erase_unreadable()

    stone = Tombstone.objects.get(key_id=ticket.requester.key_id)
    assert (stone.entry.action, stone.account_id) == ("people.emptied", account.pk)
    ledger.drain_outbox()
    assert ledger.verify().ok


def test_person_who_signs_in_is_only_reported(account, agent):
    lose(agent)

    found = erase_unreadable()

    assert (found.users, found.left, counted(found)) == ([str(agent.pk)], 1, {})
    assert User.objects.filter(pk=agent.pk).exists()
    assert not Tombstone.objects.exists()


def test_what_was_erased_on_purpose_is_not_lost(account):
    chat = factories.chat(account)
    entry = ledger.append("keys.swept", keys=[chat.key_id])
    vault.destroy_keys([chat.key_id], entry=entry)

    assert erase_unreadable() == Unreadable()
    assert Conversation.objects.exists()


def test_key_that_the_ring_can_not_open_is_not_lost(account, settings, new_ring_key):
    factories.chat(account)
    settings.FIELD_ENCRYPTION_KEY = [new_ring_key()]

    assert lost_keys() == set()


def test_accounts_are_erased_apart(account, other_account):
    chats = [factories.chat(account), factories.chat(other_account)]
    lose(*chats)

    assert counted(erase_unreadable()) == {"chat.conversation": 2}

    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="chat.conversation")
    assert {(entry.account_id, entry.params["reason"], entry.params["units"]) for entry in begun} == {
        (account.pk, "key_lost", 1),
        (other_account.pk, "key_lost", 1),
    }
    assert reason_in_words("key_lost") == "its key was lost, so nobody could read it any more"
    assert not Erasure.objects.filter(done=None).exists()
    assert ledger.verify().ok


def test_many_cost_no_query_each(account):
    asked = []
    for number in (1, 3, 12):
        lose(*[factories.chat(account) for _ in range(number)])
        with CaptureQueriesContext(connection) as main, CaptureQueriesContext(connections["vault"]) as keys:
            assert counted(erase_unreadable()) == {"chat.conversation": number}
        asked.append((len(main), len(keys)))

    assert asked[1] == asked[2]  # the first one makes the standing keys


# --- Holds


def test_hold_stops_it_until_somebody_says_otherwise(account):
    chat, ticket = factories.chat(account), opened(account, files=[pdf()])
    lose(chat, TicketFile.objects.get())
    factories.hold(chat)
    factories.hold(requester_of(ticket).contact)

    first = erase_unreadable()
    assert (first.held, counted(first), first.left) == (2, {}, 2)
    assert (Conversation.objects.count(), TicketFile.objects.count()) == (1, 1)

    second = erase_unreadable(also_held=True)
    assert (second.held, second.left) == (0, 0)
    assert counted(second) == {"chat.conversation": 1, "helpdesk.ticketfile": 1}
    begun = LedgerEntry.objects.filter(action="erasure.begun", params__reason="key_lost")
    assert {entry.params["despite_holds"] for entry in begun} == {True}


def test_contact_on_hold_is_not_emptied(account):
    ticket = factories.ticket(account)
    lose(ticket.requester)
    factories.hold(ticket.requester)

    assert (erase_unreadable().held, Contact.objects.get().key_id) == (1, ticket.requester.key_id)
    assert erase_unreadable(also_held=True).emptied == 1


def test_purge_goes_on_where_somebody_on_hold_lost_their_key(account, other_account):
    held, other = (requester_of(opened(each)).contact for each in (account, other_account))
    chat = factories.chat(other_account, contact=other, closed_at=timezone.now() - timedelta(days=60))
    factories.hold(held)
    lose(held)
    ConsentRecord.objects.update(at=timezone.now() - timedelta(days=3660))

    report = purge()

    assert (report.failed, report.by_category["consent"]) == (0, 2)  # whose is whose, nobody can tell
    assert not Conversation.objects.filter(pk=chat.pk).exists()


def test_crash_after_the_decision_is_finished_despite_the_hold(account, monkeypatch):
    chat = factories.chat(account)
    lose(chat)
    factories.hold(chat)

    def crash(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("privacy.services.erasing.steps.erase_rows", crash)
        with pytest.raises(KeyboardInterrupt):
            erase_unreadable(also_held=True)
    assert Conversation.objects.exists()

    assert len(finish_open_erasures(older_than=timedelta(0))) == 1

    assert not Conversation.objects.exists()


# --- The command


def test_dry_run_counts_and_changes_nothing(account):
    contact = factories.contact(account)
    factories.ticket(account, requester=contact)
    chat, ticket = factories.chat(account), opened(account, files=[pdf()])
    lose(contact, chat, chat.contact, ticket, *TicketFile.objects.all())
    before = (Conversation.objects.count(), Ticket.objects.count(), LedgerEntry.objects.count())

    foreseen = json.loads(run("--dry-run", "--json"))
    assert "would be erased, chat.conversation: 1" in run("--dry-run")

    assert (Conversation.objects.count(), Ticket.objects.count(), LedgerEntry.objects.count()) == before
    assert foreseen["left"] == foreseen["keys"] == 5
    done = json.loads(run("--yes", "--json"))
    assert done["left"] == 0
    for found in (foreseen, done):
        assert {model: count for model, count in found["erased"].items() if count} == {
            "chat.conversation": 1,
            "helpdesk.ticket": 1,
            "helpdesk.contact": 1,
        }
        assert (found["emptied"], found["held"], found["users"]) == (1, 0, [])


def test_command_says_what_it_did_and_the_ledger_keeps_the_count(account, agent):
    chat, held = factories.chat(account), factories.chat(account)
    lose(chat, held, agent)
    factories.hold(held)

    said = run("--yes")

    assert "keys lost: 3, still named: 2" in said
    assert "erased, chat.conversation: 1" in said
    assert "held: 1. What can't be read is no evidence either: --also-held erases it." in said
    assert f"Person {agent.pk} signs in: give them a new name and address in the admin." in said
    assert LedgerEntry.objects.get(action="keys.lost").params == {
        "keys_lost": 3,
        "erased": 1,
        "emptied": 0,
        "held": 1,
        "users": 1,
        "left": 2,
    }


def test_nothing_lost_is_nothing_noted(account):
    factories.chat(account)

    assert "keys lost: 0, still named: 0" in run("--yes")

    assert not LedgerEntry.objects.filter(action="keys.lost").exists()


def test_nothing_is_erased_without_a_yes(account, monkeypatch):
    chat = factories.chat(account)
    lose(chat)
    monkeypatch.setattr("builtins.input", lambda question: "yes")

    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        run()

    assert Conversation.objects.exists()


def test_closed_gate_is_asked_first(account):
    chat = factories.chat(account)
    ledger.append("policy.changed", account_id=account.pk)
    ledger.drain_outbox()
    for model in ("tombstone", "erasure", "ledgerentry", "datakey"):
        with connections["vault"].cursor() as cursor:
            cursor.execute(f"DELETE FROM privacy_{model}")
    assert gate_state() is Gate.LOST_VAULT

    with pytest.raises(CommandError, match="The vault is empty"):
        run("--yes")

    assert Conversation.objects.get().pk == chat.pk
