"""A person's copy of their data, and its erasure with a receipt."""

import base64
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from helpdesk.models import Contact, TicketFile, TicketMessage
from privacy import ledger, vault
from privacy.encryption.files import store_file
from privacy.ledger.signing import public_key_pem
from privacy.models import ConsentNotice, LedgerEntry
from privacy.services.people.consent import Given, current_notice, record_consent
from privacy.services.people.export import export_person
from privacy.services.people.rights import Receipt, UnknownContact, erase_contact, reason_code
from privacy.services.tracing.traces import find_traces
from tests import factories
from tests.config.deployment import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vera(account, visitor, agent):
    """A contact with a chat, a ticket with a file and a reply, and a consent."""
    record_consent(
        account=account,
        person=visitor,
        form="chat",
        given=Given.to_all(ConsentNotice.objects.get(account=account)),
    )
    factories.chat(account, contact=visitor, agent=agent, says=("where is my order", "thank you"))
    ticket = factories.ticket(account, requester=visitor, subject="Torn", says=("page nine",))
    participant, message = ticket.participants.get(), ticket.messages.get()
    TicketMessage.objects.create(
        account=account,
        ticket=ticket,
        participant=participant,
        key_id=participant.key_id,
        agent=agent,
        kind=TicketMessage.Kind.REPLY,
        body="A new one is on its way",
    )
    TicketFile.objects.create(
        account=account,
        ticket=ticket,
        message=message,
        key_id=message.key_id,
        name="scan.png",
        stored_as=store_file(vault.open_key(message.key_id), [b"pixels"]),
        size=6,
    )
    return visitor


# --- Export


def test_export_has_everything_of_one_person_by_category(vera, account):
    factories.chat(account, says=("somebody else's words",))

    copied = export_person(vera)

    categories = copied["categories"]
    assert sorted(categories) == ["chat", "consent", "contact", "ticket", "ticket_file"]
    (contact,) = categories["contact"]["helpdesk.contact"]
    assert (contact["name"], contact["email"]) == ("Vera Visitor", "vera@mail.example")
    assert [m["body"] for m in categories["chat"]["chat.message"]] == ["where is my order", "thank you"]
    assert [t["subject"] for t in categories["ticket"]["helpdesk.ticket"]] == ["Torn"]
    assert [m["body"] for m in categories["ticket"]["helpdesk.ticketmessage"]] == [
        "page nine",
        "A new one is on its way",
    ]
    (file,) = categories["ticket_file"]["helpdesk.ticketfile"]
    assert (file["name"], base64.b64decode(file["content_base64"])) == ("scan.png", b"pixels")
    (consent,) = categories["consent"]["privacy.consentrecord"]
    notice = current_notice(account)
    assert (consent["form"], consent["mechanism"]) == ("chat", "field")
    assert consent["notice"] == {"version": 1, "policy_url": notice.policy_url}


def test_export_names_no_agent_and_nobody_else(vera, account):
    factories.contact(account, name="Somebody Else")

    written = json.dumps(export_person(vera))

    for name in ("Ada", "Somebody", "somebody else"):
        assert name not in written


def test_export_is_noted_in_the_ledger_under_a_pseudonym(vera, account):
    export_person(vera)

    entry = LedgerEntry.objects.get(action="person.exported")
    assert (entry.account_id, entry.params) == (account.pk, {"person": ledger.reference(vera)})


def test_export_of_a_user_has_their_own_data(agent):
    copied = export_person(agent)

    (user,) = copied["categories"]["user"]["helpdesk.user"]
    assert (user["name"], user["email"]) == ("Ada Agent", agent.email)
    assert "chat" not in copied["categories"]


def test_command_exports_json(vera):
    output = StringIO()

    call_command("export_contact", str(vera.pk), stdout=output)

    assert set(json.loads(output.getvalue())) == {"exported_at", "categories"}


# --- Erasure


def test_erased_contact_leaves_a_receipt_and_no_trace(vera, account):
    receipt = erase_contact(contact_id=str(vera.pk), reason="consent_withdrawn")

    assert Contact.objects.count() == 0
    for text in ("Vera Visitor", "vera@mail.example", "where is my order", "page nine", "scan.png"):
        assert find_traces(text).none_found
    assert isinstance(receipt, Receipt)
    assert receipt.reason == "consent_withdrawn"
    lines = {line["unit"]: line for line in receipt.erased}
    assert {unit: line["count"] for unit, line in lines.items()} == {
        "chat.conversation": 1,
        "helpdesk.ticket": 1,
        "helpdesk.contact": 1,
    }
    assert lines["helpdesk.ticket"]["files"] == 1
    assert receipt.first_entry == min(line["begun"] for line in receipt.erased)
    assert LedgerEntry.objects.get(seq=receipt.last_entry).hash == receipt.head
    assert ledger.verify().ok


def test_receipt_names_nobody(vera):
    pk, reference = vera.pk, ledger.reference(vera)

    written = json.dumps(erase_contact(contact_id=str(pk), reason="Vera asked by phone").as_json())

    for text in ("Vera", "phone", str(pk), pk.hex, reference):
        assert text not in written


def test_consent_stays_as_proof_that_points_at_nobody(vera, account):
    subject = ledger.reference(vera)

    erase_contact(contact_id=str(vera.pk), reason="objection")

    record = account.consent_records.get()
    assert record.subject == subject  # nobody can compute it again: the key is gone
    with pytest.raises(vault.KeyUnavailable):
        vault.open_key(vera.key_id)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("objection", "objection"), ("c", "objection"), ("17(1)(d)", "unlawful"), (" B ", "consent_withdrawn")],
)
def test_grounds_of_article_17_are_kept_as_codes(account, reason, code):
    assert reason_code(reason, account_id=account.pk) == code


def test_own_words_are_kept_as_a_keyed_fingerprint(account, other_account):
    one = reason_code("Vera asked", account_id=account.pk)

    assert one.startswith("words-")
    assert one == reason_code("Vera asked", account_id=account.pk)
    assert one != reason_code("Vera asked", account_id=other_account.pk)


@pytest.mark.parametrize("unknown", ["", "x", "4711", "00000000-0000-0000-0000-000000000000"])
def test_unknown_contact_is_told_and_nothing_is_written(vera, unknown):
    before = LedgerEntry.objects.count()

    with pytest.raises(UnknownContact):
        erase_contact(contact_id=unknown, reason="objection")

    assert LedgerEntry.objects.count() == before


def test_certificates_of_the_receipt_pass_the_verifier_that_stands_alone(vera, tmp_path):
    output, folder, key = StringIO(), tmp_path / "kept", tmp_path / "key.pem"
    folder.mkdir()

    call_command("erase_contact", str(vera.pk), "--reason", "c", "--certificates", str(folder), stdout=output)

    key.write_text(public_key_pem())
    receipt, kept = json.loads(output.getvalue()), sorted(folder.iterdir())
    assert [each["number"] for each in receipt["certificates"]] == [
        line["begun"] for line in receipt["erased"]
    ]
    by_name = {f"lethe-certificate-{each['number']}.json": each for each in receipt["certificates"]}
    assert {path.name: json.loads(path.read_text()) for path in kept} == by_name
    for path in kept:
        assert verified(path, key).startswith("OK: certificate ")
        path.write_text(path.read_text().replace('"units": 1', '"units": 2', 1))
        assert verified(path, key).startswith("WRONG: ")


def verified(document: Path, key: Path) -> str:
    command = [sys.executable, str(ROOT / "docs/verify_ledger.py"), str(document), "--key", str(key)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout or ran.stderr


def test_nothing_is_erased_where_its_certificates_could_not_be_kept(vera, tmp_path):
    with pytest.raises(CommandError, match="nothing was erased"):
        call_command("erase_contact", str(vera.pk), "--reason", "c", "--certificates", str(tmp_path / "no"))

    assert Contact.objects.get() == vera


def test_command_prints_the_receipt(vera):
    output = StringIO()

    call_command("erase_contact", str(vera.pk), "--reason", "objection", stdout=output)

    receipt = json.loads(output.getvalue())
    assert set(receipt) == {"reason", "erased", "first_entry", "last_entry", "head", "certificates"}
    for command in (
        ["erase_contact", str(vera.pk), "--reason", "objection"],
        ["export_contact", str(vera.pk)],
    ):
        with pytest.raises(CommandError, match="No contact has this id"):
            call_command(*command)
