"""The evidence page: what was erased, and its proof, for those who look after the account."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import Account
from privacy import ledger
from privacy.encryption.rows import uuid7
from privacy.ledger.signing import public_key_pem
from privacy.models import DataKey, Erasure, LedgerEntry, LedgerWalk, Tombstone
from privacy.services.erasing.purge import purge
from privacy.services.evidence import chain_state as states
from privacy.services.evidence.chain_state import ChainState
from tests import factories
from tests.privacy.runs import a_run, erased_chats, run_of

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("own_folders"),
]

PAGE = "/admin/evidence/"
VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_ledger.py"
DOCUMENTS = ["receipt", "certificate"]


@pytest.fixture(autouse=True)
def state(monkeypatch) -> ChainState:
    """Return what a process that has just started knows of the chain: nothing."""
    fresh = ChainState()
    for module in ("helpdesk.admin.proof", "helpdesk.admin.evidence"):
        monkeypatch.setattr(f"{module}.chain_state", fresh)
    return fresh


@pytest.fixture
def run(account) -> LedgerEntry:
    return run_of(account, chats=3)


def number_of(kind: str, run: LedgerEntry) -> int:
    return run.seq if kind == "receipt" else run.params["first"]


def words(answer) -> str:
    """Return what a page says, without its tags and the spaces between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def asked(client, what) -> str:
    return words(client.get(PAGE, {"of": str(what)}))


# --- The page


def test_page_lists_the_receipts_of_ones_accounts_newest_first(manager_client, account, other_account, run):
    run_of(other_account)
    newest = run_of(account, chats=1)

    shown = manager_client.get(PAGE)

    assert [each.seq for each in shown.context["runs"]] == [newest.seq, run.seq]
    assert f"Receipt {run.seq}" in words(shown)
    assert "chat transcripts (3)" in words(shown)
    assert other_account.name not in words(shown)


def test_operator_sees_the_receipts_of_all_and_may_choose_an_account(
    operator_client, account, other_account, run
):
    theirs, of_deployment = run_of(other_account), a_run(None, erased_access=2)

    def shown(**query):
        return [each.seq for each in operator_client.get(PAGE, query).context["runs"]]

    assert shown() == [of_deployment.seq, theirs.seq, run.seq]
    assert shown(account=account.pk) == [run.seq]


def test_filter_by_a_foreign_account_shows_nothing(manager_client, other_account, run):
    run_of(other_account)

    assert list(manager_client.get(PAGE, {"account": other_account.pk}).context["runs"]) == []


def test_receipts_have_pages(manager_client, account):
    made = [a_run(account, held=1).seq for _number in range(27)]

    second = manager_client.get(PAGE, {"page": 2})

    assert [each.seq for each in second.context["runs"]] == [made[1], made[0]]
    assert "Page 2 of 2" in words(second)


def test_page_needs_as_many_queries_for_three_runs_as_for_one(manager_client, account, run, state):
    def queries() -> tuple[int, int]:
        manager_client.get(PAGE)
        main, vault = (CaptureQueriesContext(connections[alias]) for alias in ("default", "vault"))
        with main, vault:
            manager_client.get(PAGE)
        return len(main), len(vault)

    one = queries()
    run_of(account)
    run_of(account)

    assert queries() == one


def test_page_says_that_the_chain_is_whole_and_how_far(manager_client, account, run):
    shown = words(manager_client.get(PAGE))

    newest = ledger.last_entry()
    assert "No break found Walked in full on" in shown
    assert f": {newest.seq} entries, none changed, taken out or cut off." in shown
    assert "Since then only what was added" not in shown
    assert newest.hash in shown
    assert "Last head published outside none yet" in shown


def test_page_names_the_last_published_head(manager_client, run):
    published = ledger.append("head.published", mailed_to=0)
    ledger.append("policy.changed")

    assert f"Last head published outside {published.seq}," in words(manager_client.get(PAGE))


def test_page_says_where_the_chain_is_broken(manager_client, run):
    LedgerEntry.objects.filter(seq=2).update(signature="00")

    shown = words(manager_client.get(PAGE))

    assert "Broken at entry 2 What was found: the entry is not signed by us" in shown


def test_page_does_not_walk_a_long_ledger_and_the_button_does(manager_client, run, monkeypatch):
    monkeypatch.setattr(states, "SHORT_TAIL", 2)
    before = words(manager_client.get(PAGE))

    answer = manager_client.post(reverse("admin:privacy_ledgerentry_verify"), {"proof": "1"}, follow=True)

    assert "Not verified yet" in before
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Verified just now" in words(answer)
    assert "none changed, taken out or cut off." in words(answer)


def test_page_says_when_all_was_walked_apart_from_what_was_added_since(manager_client, run):
    manager_client.get(PAGE)
    walked = LedgerWalk.objects.get().entries
    ledger.append("policy.changed")

    shown, proof = words(manager_client.get(PAGE)), asked(manager_client, run.seq)

    assert f": {walked} entries, none changed, taken out or cut off. Since then only what was added" in shown
    assert (
        f"{walked} entries, none changed, missing or cut then. What was added later was looked at once"
        in proof
    )


def test_page_of_an_empty_ledger_says_so_and_makes_no_key(manager_client):
    LedgerEntry.objects.all().delete()

    shown = words(manager_client.get(PAGE))

    assert "Nothing was written into it yet." in shown
    assert "No receipt yet" in shown
    assert manager_client.get("/admin/evidence/key/").status_code == 404
    assert not DataKey.objects.filter(kind=DataKey.Kind.SIGNING).exists()


def test_public_key_is_handed_over(manager_client, run):
    answer = manager_client.get("/admin/evidence/key/")

    assert answer.content.decode() == public_key_pem()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lethe-ledger-key.pem"'


# --- Prove that something was erased


def test_erasure_is_proven_in_a_sentence(manager_client, account):
    unit = uuid7()
    begun = ledger.append(
        "erasure.begun",
        account_id=account.pk,
        unit="helpdesk.ticket",
        category="ticket",
        rule="after.30.days",
        clock="last_message",
        version=4,
        reason="retention",
        units=2,
        files=1,
        keys=[],
        marks=[ledger.mark(unit)],
    )
    done = ledger.append("erasure.done", account_id=account.pk, begun=begun.seq, rows=3, survivors=0)
    Erasure.objects.create(account_id=account.pk, begun=begun, done=done)

    answers = [asked(manager_client, what) for what in (begun.seq, f"#{done.seq}", unit, unit.hex)]

    for said in answers:
        assert "Yes, and it is proven" in said
        assert "this was erased: tickets (2)." in said
        assert (
            "Why: its time was over. The rule was “30 days after the last message”,"
            " by version 4 of the account&#x27;s policy."
        ) in said
        assert "1 file was deleted." in said
        assert f"Certificate {begun.seq}" in said


def test_moment_of_an_erasure_is_told_in_the_accounts_own_time(manager_client, account):
    Account.objects.filter(pk=account.pk).update(time_zone="Pacific/Auckland")
    begun, _chat = erased_chats(account)

    assert "(Pacific/Auckland) this was erased: chat transcripts (1)." in asked(manager_client, begun.seq)


def test_run_is_proven_by_the_number_of_its_receipt(manager_client, run):
    said = asked(manager_client, run.seq)

    assert "Yes, and it is proven" in said
    assert "erased: chat transcripts (3). It obeyed version 3 of the account&#x27;s policy." in said
    assert "The vault holds none of its keys (6), and says of each that it was destroyed." in said
    assert "No row of the database is sealed under them." in said


def test_purge_leaves_what_proves_it(manager_client, account):
    long_ago = timezone.now() - timedelta(days=100)
    chat = factories.chat(account, closed_at=long_ago, created_at=long_ago)
    purge()

    run = manager_client.get(PAGE).context["runs"][0]
    of_chat, of_run = asked(manager_client, chat.pk), asked(manager_client, run.seq)

    assert "this was erased: chat transcripts (1). Why: its time was over. The rule was “30 days" in of_chat
    assert "The vault holds none of its keys (1), and says of each that it was destroyed." in of_chat
    assert "erased: chat transcripts (1)" in of_run
    assert [said.count("Yes, and it is proven") for said in (of_chat, of_run)] == [1, 1]


def test_what_can_not_be_proven_now_says_why(manager_client, run):
    Tombstone.objects.filter(entry_id=run.params["first"]).delete()

    said = asked(manager_client, run.params["first"])

    assert "This can&#x27;t be proven now" in said
    assert "Keys that are back in the vault: 0. Keys of which it doesn&#x27;t know the end: 3." in said


def test_erasure_that_only_began_is_no_proof(manager_client, account):
    begun, _chat = erased_chats(account)
    Erasure.objects.filter(begun=begun).update(done=None)

    said = asked(manager_client, begun.seq)

    assert "Begun, and not done yet" in said
    assert f"Certificate {begun.seq}" not in said


@pytest.mark.parametrize("typed", ["Ada Lovelace", "12-34", "0", "9" * 40, "🦊", "1e5"])
def test_what_is_neither_number_nor_id_is_refused_beside_the_field(manager_client, typed):
    answer = manager_client.get(PAGE, {"of": typed})

    assert answer.context["form"].errors["of"] == [
        "Enter a number such as 4711, or an id such as 0192f0c1-2345-7abc-8def-0123456789ab."
    ]
    assert 'aria-describedby="id_of_helptext id_of_error"' in answer.content.decode()


def test_what_was_not_erased_is_explained(manager_client, account):
    ledger.append("account.opened", account_id=account.pk)
    chat = factories.chat(account)

    assert "Still here: it isn&#x27;t closed, so no clock runs yet" in asked(manager_client, chat.pk)
    assert "Nothing with this number or id was erased in your accounts" in asked(manager_client, uuid7())


def test_nothing_is_proven_about_a_foreign_account(manager_client, other_account):
    ledger.append("account.opened", account_id=other_account.pk)
    theirs = run_of(other_account)
    still_here = factories.chat(other_account)

    answers = [asked(manager_client, what) for what in (theirs.seq, theirs.params["first"], still_here.pk)]

    refusal = "Nothing with this number or id was erased in your accounts, as far as the ledger knows."
    assert [refusal in said for said in answers] == [True] * 3


# --- Documents


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("form", ["json", "html"])
def test_documents_of_a_foreign_account_are_not_there(manager_client, other_account, kind, form):
    number = number_of(kind, run_of(other_account))
    page = reverse(f"admin:privacy_{kind}", args=[number])

    answers = [manager_client.get(page).status_code, manager_client.post(f"{page}{form}/").status_code]

    assert answers == [404, 404]
    assert not LedgerEntry.objects.filter(action="receipt.downloaded").exists()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_documents_of_every_account_are_open_to_operators(operator_client, run, kind):
    page = reverse(f"admin:privacy_{kind}", args=[number_of(kind, run)])

    assert operator_client.get(page).status_code == 200
    assert operator_client.post(f"{page}json/").status_code == 200


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_document_whose_entries_were_changed_is_not_issued(manager_client, run, kind):
    begun = LedgerEntry.objects.get(seq=run.params["first"])
    LedgerEntry.objects.filter(pk=begun.pk).update(params=begun.params | {"units": 99})
    page = reverse(f"admin:privacy_{kind}", args=[number_of(kind, run)])

    answers = [
        manager_client.get(page),
        *(manager_client.post(f"{page}{form}/") for form in ("json", "html")),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert ["This document is not issued" in words(answer) for answer in answers] == [True] * 3
    assert not LedgerEntry.objects.filter(action="receipt.downloaded").exists()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_number_of_something_else_is_no_document(operator_client, run, kind):
    other = "certificate" if kind == "receipt" else "receipt"

    answers = [
        operator_client.get(reverse(f"admin:privacy_{kind}", args=[number])).status_code
        for number in (number_of(other, run), 9_999, 10**30)
    ]

    assert answers == [404, 404, 404]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_downloaded_document_passes_the_verifier_that_stands_alone(manager_client, run, kind, tmp_path):
    key, document = tmp_path / "key.pem", tmp_path / "document.json"
    key.write_bytes(manager_client.get("/admin/evidence/key/").content)

    answer = manager_client.post(reverse(f"admin:privacy_{kind}_json", args=[number_of(kind, run)]))
    document.write_bytes(answer.getvalue())
    said = verified(document, key)
    changed = json.loads(document.read_text())
    changed["summary"]["counts" if kind == "receipt" else "units"] = {"chat": 2} if kind == "receipt" else 2
    document.write_text(json.dumps(changed))

    assert said.startswith(f"OK: {kind} {number_of(kind, run)}, ")
    assert verified(document, key).startswith("WRONG: the summary's ")


def verified(document: Path, key: Path) -> str:
    command = [sys.executable, str(VERIFIER), str(document), "--key", str(key)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout or ran.stderr


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("form", ["json", "html"])
def test_each_download_is_noted_in_the_ledger(manager_client, manager, account, run, kind, form):
    number = number_of(kind, run)

    answer = manager_client.post(reverse(f"admin:privacy_{kind}_{form}", args=[number]))

    noted = LedgerEntry.objects.get(action="receipt.downloaded")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="lethe-{kind}-{number}.{form}"'
    assert noted.account_id == account.pk
    assert noted.params == {"kind": kind, "number": number, "form": form, "who": ledger.reference(manager)}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_looking_at_a_document_downloads_nothing(manager_client, run, kind):
    page = reverse(f"admin:privacy_{kind}", args=[number_of(kind, run)])

    answers = [manager_client.get(f"{page}{form}/").status_code for form in ("json", "html")]
    manager_client.get(page)

    assert answers == [405, 405]
    assert not LedgerEntry.objects.filter(action="receipt.downloaded").exists()


def test_receipt_on_paper_has_counts_policy_window_and_proof(manager_client, account, run):
    said = words(manager_client.get(reverse("admin:privacy_receipt", args=[run.seq])))

    for part in (
        f"Receipt {run.seq}",
        f"A run that erased what was due for {account.name}.",
        "Obeyed version 3 of the account&#x27;s policy",
        "Chat transcripts 3 Together 3",
        run.hash,
        ledger.last_entry().hash,
    ):
        assert part in said


def test_receipt_of_many_erasures_lists_the_first_and_counts_the_rest(manager_client, account, monkeypatch):
    monkeypatch.setattr("helpdesk.admin.documents.LISTED", 2)
    run = run_of(account, erasures=2)

    shown = manager_client.get(reverse("admin:privacy_receipt", args=[run.seq]))

    begun = LedgerEntry.objects.filter(action="erasure.begun").order_by("seq").values_list("seq", flat=True)
    assert [each["number"] for each in shown.context["erasures"]] == list(begun[:2])
    assert "2 more are in the JSON form of this receipt." in words(shown)


def test_kept_html_stands_alone(manager_client, run):
    kept = manager_client.post(reverse("admin:privacy_receipt_html", args=[run.seq])).content.decode()

    assert "@page { size: A4;" in kept
    assert re.findall(r'(?:href|src|action)="[^"]*"', kept) == []
    assert "<form" not in kept


def test_documents_name_no_person(manager_client, manager, account):
    person = factories.contact(account, name="MARKERNAME", email="markeraddress@mail.example")
    chat = factories.chat(account, contact=person, says=("MARKERWORDS",), closed_at=timezone.now())
    since = ledger.last_entry().seq if ledger.last_entry() else 0
    erased_chats(account)
    run = a_run(account, first=since + 1, last=ledger.last_entry().seq, erased_chat=1)
    papers = [
        manager_client.get(PAGE, {"of": str(chat.pk)}),
        *(manager_client.get(reverse(f"admin:privacy_{k}", args=[number_of(k, run)])) for k in DOCUMENTS),
        *(
            manager_client.post(reverse(f"admin:privacy_{k}_{form}", args=[number_of(k, run)]))
            for k in DOCUMENTS
            for form in ("json", "html")
        ),
    ]

    for paper in papers:
        said = paper.getvalue().decode() if paper.streaming else paper.content.decode()
        assert [word for word in ("marker", manager.email) if word in said.lower()] == []
