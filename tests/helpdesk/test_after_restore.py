"""The page on which somebody looks at what a restored backup had forgotten, and confirms it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from privacy.models import ForgottenDecision, LedgerEntry
from privacy.services.rules.policies import policy_in_force
from tests import factories

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("own_folders"),
]

PAGE = reverse("admin:after_restore")


def forgotten(account, action="retention.changed", outcome="paused", **values) -> ForgottenDecision:
    values = {"category": "chat" if outcome == "paused" else "", "seq": 7, "at": timezone.now()} | values
    return ForgottenDecision.objects.create(account=account, action=action, outcome=outcome, **values)


def text_of(client: Client, path: str = PAGE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def confirm(client: Client, row: ForgottenDecision, account=None):
    account = account or row.account
    path = (
        reverse("admin:after_restore_confirm", args=[account.pk, row.pk])
        if account
        else reverse("admin:after_restore_confirm_rest", args=[row.pk])
    )
    return client.post(path, follow=True)


def test_first_page_of_the_admin_leads_there_as_long_as_something_is_open(account, manager_client):
    home = reverse("admin:index")
    assert PAGE not in text_of(manager_client, home)
    row = forgotten(account)
    assert PAGE in text_of(manager_client, home)
    assert "not before its rule is confirmed, after a restore" in text_of(manager_client, home)

    confirm(manager_client, row)

    assert PAGE not in text_of(manager_client, home)


def test_page_says_what_was_decided_and_what_became_of_it(account, manager_client):
    forgotten(account, "hold.placed", "rebuilt", times=3)
    forgotten(account, "account.changed", "closed", about="allowlist_enabled")
    forgotten(account, "person.added", "lost")

    text = text_of(manager_client)

    for words in (
        "Something was put on hold",
        "Made again from the ledger",
        "only these addresses",
        "Closed until somebody opens it again",
        "Somebody was let in who signs in",
        "Lost: has to be decided again",
        "I have looked at these",
    ):
        assert words in text


def test_page_says_what_goes_when_a_paused_rule_is_confirmed(account, manager_client):
    for _number in range(2):
        factories.chat(account, closed_at=timezone.now() - timedelta(days=40))
    forgotten(account)

    text = text_of(manager_client)

    assert "<strong>Chat transcripts</strong>: Erased 30 days after it is closed." in text
    assert "2 are erased as soon as you confirm." in text
    assert "Confirm these rules and the rest" in text


def test_manager_confirms_and_the_rule_counts(account, manager, manager_client):
    row = forgotten(account)
    assert policy_in_force(account_id=account.pk, category="chat").paused

    page = confirm(manager_client, row).content.decode()

    row.refresh_from_db()
    assert (row.confirmed_by, "Confirmed. It counts as it is now." in page) == (manager, True)
    assert "Nothing was forgotten" in page
    assert not policy_in_force(account_id=account.pk, category="chat").paused
    assert LedgerEntry.objects.get(action="restore.confirmed").account_id == account.pk


def test_second_who_confirms_is_told(account, manager_client, operator_client):
    row = forgotten(account)
    confirm(operator_client, row)

    assert "Somebody confirmed that a moment ago." in confirm(manager_client, row).content.decode()


def test_what_was_found_after_the_page_was_opened_stays_open(account, manager_client):
    row, later = forgotten(account), forgotten(account, "hold.placed", "lost")

    confirm(manager_client, row)

    assert list(ForgottenDecision.objects.filter(confirmed_at=None)) == [later]


def test_manager_neither_sees_nor_confirms_what_others_answer_for(account, other_account, manager_client):
    theirs, nobodys = forgotten(other_account), forgotten(None, "plan.changed", "lost", about="standard")

    assert "Nothing was forgotten" in text_of(manager_client)
    for row in (theirs, nobodys):
        assert confirm(manager_client, row).status_code == 404
    confirm(manager_client, theirs, account=account)

    assert ForgottenDecision.objects.filter(confirmed_at=None).count() == 2


def test_operator_sees_and_confirms_what_belongs_to_no_account(account, operator_client):
    forgotten(account)
    row = forgotten(None, "plan.changed", "rebuilt", about="standard")
    text = text_of(operator_client)
    assert "Of no account" in text
    assert "A plan was changed" in text

    confirm(operator_client, row)

    assert ForgottenDecision.objects.filter(confirmed_at=None).count() == 1


def test_nobody_else_finds_the_page(account, owner_client, agent_client):
    row = forgotten(account)

    for client in (owner_client, agent_client):
        assert client.get(PAGE).status_code == 404
        assert confirm(client, row).status_code == 404
    assert Client().get(PAGE).status_code == 302
    row.refresh_from_db()
    assert row.confirmed_at is None


def test_page_asks_no_more_for_three_lines_than_for_one(account, manager_client):
    counts = []
    for action in ("hold.placed", "hold.released", "ticket.closed"):
        forgotten(account, action, "rebuilt")
        with CaptureQueriesContext(connection) as queries:
            text_of(manager_client)
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_number_beyond_any_row_is_not_found_or_confirms_nothing(account, operator_client):
    row = forgotten(account)

    assert operator_client.post(f"{PAGE}{10**30}/{row.pk}/confirm/").status_code == 404
    assert operator_client.post(f"{PAGE}{10**30}/confirm/").status_code == 302


def test_ready_page_says_where_erasing_waits(account, other_account, client):
    forgotten(account, "hold.placed", "lost")
    assert client.get("/readyz").json()["parts"]["restored"] == "ok"
    forgotten(account)
    forgotten(account, category="ticket")
    forgotten(other_account)

    response = client.get("/readyz")

    waiting = "erasing waits until rules are confirmed (accounts: 2)"
    assert (response.status_code, response.json()["parts"]["restored"]) == (503, waiting)
