"""The list of erasures: whoever caused one, it has its certificate there, for one's own accounts only."""

import re
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from helpdesk.services.tickets import close_ticket
from privacy.models import Erasure, LedgerEntry
from privacy.services.erasing.purge import purge
from privacy.services.people.rights import erase_contact
from privacy.terms import Rule
from tests import factories
from tests.privacy.runs import erased_chats

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

PAGE = "/admin/evidence/erasures/"


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def listed(answer) -> list[tuple[int, str]]:
    return [(each.number, each.reason) for each in answer.context["erasures"]]


def test_account_that_erases_at_once_finds_its_certificates(manager_client, account, agent):
    factories.policy(account, "ticket", rule=Rule.AT_ONCE)
    close_ticket(ticket=factories.ticket(account), by=agent)
    purge()

    receipts, shown = manager_client.get("/admin/evidence/"), manager_client.get(PAGE)

    assert list(receipts.context["runs"]) == []
    assert "by hand or by a person's right is under “Erasures”." in words(receipts)
    begun = LedgerEntry.objects.get(action="erasure.begun", params__unit="helpdesk.ticket")
    assert (begun.seq, "it was closed, and the account erases at once") in listed(shown)
    for number, _reason in listed(shown):
        page = reverse("admin:privacy_certificate", args=[number])
        assert f'href="{page}"' in shown.content.decode()
        assert manager_client.get(page).status_code == 200


def test_erasures_stand_newest_first_whatever_caused_them(manager_client, account):
    factories.chat(account, closed_at=timezone.now() - timedelta(days=100))
    purge()
    erased_chats(account, reason="by_hand")
    vera = factories.contact(account)
    erase_contact(contact_id=str(vera.pk), reason="objection")

    shown = manager_client.get(PAGE)

    done = Erasure.objects.order_by("-done").select_related("begun")
    assert [number for number, _reason in listed(shown)] == [erasure.begun_id for erasure in done]
    assert "contacts with nothing left (1) asked for by the person: objection (Article 17(1)(c))" in words(
        shown
    )
    assert words(shown).count("somebody of the account ordered it by hand") == 1


def test_erasures_of_other_accounts_are_not_there(manager_client, operator_client, account, other_account):
    mine, theirs = erased_chats(account)[0], erased_chats(other_account)[0]

    def numbers(client, **query) -> set[int]:
        return {number for number, _reason in listed(client.get(PAGE, query))}

    assert mine.seq in numbers(manager_client)
    assert theirs.seq not in numbers(manager_client)
    assert numbers(manager_client, account=other_account.pk) == set()
    assert {mine.seq, theirs.seq} <= numbers(operator_client)
    assert theirs.seq not in numbers(operator_client, account=account.pk)


def test_erasures_have_pages_and_need_no_query_each(manager_client, account, monkeypatch):
    monkeypatch.setattr("helpdesk.admin.erasures.ERASURES_A_PAGE", 6)
    erased_chats(account)

    def queries() -> int:
        manager_client.get(PAGE)
        main, vault = (CaptureQueriesContext(connections[alias]) for alias in ("default", "vault"))
        with main, vault:
            manager_client.get(PAGE)
        return len(main) + len(vault)

    one = queries()
    erased_chats(account)
    erased_chats(account)
    assert queries() == one

    erased_chats(account)
    second = manager_client.get(PAGE, {"page": 2})
    assert len(listed(second)) == 2
    assert "Page 2 of 2" in words(second)


def test_page_without_erasures_says_so(manager_client):
    assert "Nothing was erased yet" in words(manager_client.get(PAGE))
