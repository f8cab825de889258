"""The admin shows each manager their accounts, operators every account, and nobody what visitors wrote."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from helpdesk.models import Account, User
from privacy import ledger
from privacy.encryption.rows import SealedModel
from privacy.gate import gate
from privacy.models import ConsentRecord, LedgerEntry
from privacy.services.counts import count
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

REGISTERED = {
    "chat.botflow",
    "helpdesk.account",
    "helpdesk.formfield",
    "helpdesk.recipient",
    "helpdesk.team",
    "helpdesk.user",
    "privacy.ledgerentry",
    "privacy.plan",
    "privacy.purpose",
    "privacy.consentrecord",
    "privacy.dailycount",
    "privacy.skeleton",
}


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


def page(model, what, *args):
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{what}", args=args)


def test_no_model_of_content_is_registered():
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert registered == REGISTERED
    sealed = {model._meta.label_lower for model in apps.get_models() if issubclass(model, SealedModel)}
    assert registered & sealed == {"helpdesk.user"}


@pytest.fixture
def foreign(other_account, stranger):
    """Pages of the account that the manager doesn't look after."""
    return [
        page(model, what, pk)
        for model, pk in ((Account, other_account.pk), (User, stranger.pk))
        for what in ("change", "history", "delete")
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_of_a_foreign_account_are_not_there(manager_client, foreign, method, other_account, stranger):
    before = (Account.objects.filter(pk=other_account.pk).values().get(), stranger.password)

    answers = {path: getattr(manager_client, method)(path).status_code for path in foreign}

    assert answers == dict.fromkeys(foreign, 404)
    stranger.refresh_from_db()
    assert (Account.objects.filter(pk=other_account.pk).values().get(), stranger.password) == before


@pytest.mark.parametrize("part", ["consent", "retention"])
def test_preview_of_a_foreign_account_is_not_there(manager_client, other_account, account, part):
    of = [page(Account, "preview", each.pk, part) for each in (other_account, account)]

    answers = [manager_client.post(path, {"rule": "at_once"}).status_code for path in of]

    assert answers == [404, 200]


def test_manager_of_nobody_sees_nothing(account, agent, signed_in):
    client = signed_in(factories.manager())

    assert client.get(page(Account, "change", account.pk)).status_code == 404
    assert client.get(page(User, "change", agent.pk)).status_code == 404
    assert b"No account is open to you" in client.get(reverse("admin:index")).content


@pytest.mark.parametrize(
    "query", ["", "?id__in={},{}", "?q=Other", "?public_id__startswith=", "?owner__name__contains=S"]
)
def test_list_of_accounts_never_names_a_foreign_one(manager_client, account, other_account, query):
    path = page(Account, "changelist") + query.format(account.pk, other_account.pk)

    answer = manager_client.get(path, follow=True)

    assert answer.status_code in {200, 400}
    assert "Other Oats" not in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?account__name__startswith=O",
        "?account__consent_notices__text__contains=a",
        "?email_index__startswith=a",
        "?password__startswith=a",
        "?tickets__requester__email_index=a",
        "?id__in=1",
    ],
)
def test_address_bar_is_no_way_to_ask_about_columns(manager_client, agent, query):
    assert manager_client.get(page(User, "changelist") + query).status_code == 400


def test_list_of_people_holds_the_managers_own(manager_client, agent, stranger, operator):
    shown = manager_client.get(page(User, "changelist")).content.decode()

    assert agent.email in shown
    assert [each.email for each in (stranger, operator) if each.email in shown] == []


def test_search_finds_the_whole_address_and_no_stranger(manager_client, agent, stranger):
    def found(text):
        return manager_client.get(page(User, "changelist"), {"q": text}).context["cl"].result_count

    assert [found(agent.email.upper()), found(agent.email[:6]), found(stranger.email)] == [1, 0, 0]


def test_filter_by_a_foreign_account_finds_nothing(manager_client, agent, stranger, other_account):
    answer = manager_client.get(page(User, "changelist"), {"account": other_account.pk})

    assert answer.context["cl"].result_count == 0
    assert "Other Oats" not in answer.content.decode()


def test_autocompletion_offers_no_foreign_account(manager_client, account, other_account):
    asked = {"app_label": "helpdesk", "model_name": "user", "field_name": "account", "term": ""}

    answer = manager_client.get(reverse("admin:autocomplete"), asked)

    assert [row["text"] for row in answer.json()["results"]] == [account.name]


def test_form_offers_no_foreign_account_and_takes_none(manager_client, account, other_account):
    form = manager_client.get(page(User, "add")).context["adminform"].form
    new = {"account": other_account.pk, "name": "N", "email": "new@staff.example", "role": "agent"}

    answer = manager_client.post(page(User, "add"), new | {"new_password": factories.PASSWORD})

    assert list(form.fields["account"].queryset) == [account]
    assert "account" in answer.context["adminform"].form.errors
    assert list(User.objects.with_email("new@staff.example")) == []


def test_owner_can_only_be_somebody_of_the_account(manager_client, account, owner, agent, stranger):
    foreign_owner = factories.user(User.Role.OWNER, account=stranger.account)

    form = manager_client.get(page(Account, "change", account.pk)).context["adminform"].form

    assert list(form.fields["owner"].queryset) == [owner]
    assert foreign_owner.account_id != account.pk


def test_popup_and_other_to_field_open_nothing(manager_client, account, other_account):
    answer = manager_client.get(
        page(Account, "change", other_account.pk), {"_popup": 1, "_to_field": "public_id"}
    )
    by_public_id = manager_client.get(page(Account, "change", account.public_id), {"_to_field": "public_id"})

    assert [answer.status_code, by_public_id.status_code] == [400, 400]


def test_nothing_is_deleted_in_bulk(operator_client, manager_client, account, agent):
    for client in (operator_client, manager_client):
        post = {"action": "delete_selected", "_selected_action": [account.pk], "post": "yes"}
        client.post(page(Account, "changelist"), post)
        client.post(page(User, "changelist"), post | {"_selected_action": [agent.pk]})

    assert Account.objects.filter(pk=account.pk).exists()
    assert User.objects.filter(pk=agent.pk).exists()


def test_view_on_site_answers_about_no_row(operator_client, account):
    assert operator_client.get(f"/admin/r/1/{account.pk}/").status_code == 404


@pytest.mark.parametrize("who", ["agent", "supervisor", "owner", "stranger"])
def test_admin_is_no_place_for_agents(request, who, signed_in, account):
    client = signed_in(request.getfixturevalue(who))

    answers = [
        client.get(path).status_code
        for path in ("/admin/", page(Account, "change", account.pk), "/admin/lock-outs/")
    ]

    assert answers == [404, 404, 404]


def test_anonymous_is_led_to_the_sign_in_page(client):
    answer = client.get("/admin/helpdesk/account/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/sign-in/?next=/admin/helpdesk/account/")


def test_operator_sees_every_account_and_who_manages_it(operator_client, account, other_account, manager):
    home = operator_client.get(reverse("admin:index")).content.decode()
    form = operator_client.get(page(Account, "change", account.pk)).context["adminform"].form

    assert [name in home for name in (account.name, other_account.name)] == [True, True]
    assert form.initial["managers"] == [manager.pk]
    assert {"plan", "is_active", "managers"} <= form.fields.keys()


def test_manager_outside_an_accounts_network_does_not_reach_it(signed_in):
    closed = factories.account(name="Closed Cakes", networks=("203.0.113.0/24",))
    open_one = factories.account(name="Open Olives")
    client = signed_in(factories.manager(closed, open_one))

    inside = {"REMOTE_ADDR": "203.0.113.9"}

    assert client.get(page(Account, "change", closed.pk)).status_code == 404
    assert "Closed Cakes" not in client.get(reverse("admin:index")).content.decode()
    assert client.get(page(Account, "change", open_one.pk)).status_code == 200
    assert client.get(page(Account, "change", closed.pk), **inside).status_code == 200


def test_manager_sees_evidence_of_their_accounts_only(manager_client, account, other_account):
    for each in (account, other_account):
        ledger.append("erasure.done", account_id=each.pk, rows=each.pk + 7000, survivors=0)
        count(account=each, name="chats", by=1)
    ledger.append("operator.only", account_id=None)

    def shown(model, **query):
        path = reverse(f"admin:privacy_{model}_changelist")
        return list(manager_client.get(path, query).context["cl"].result_list)

    assert {row.account_id for row in shown("ledgerentry")} == {account.pk}
    assert {row.account_id for row in shown("dailycount")} == {account.pk}
    assert shown("ledgerentry", account=other_account.pk) == []


def test_evidence_has_no_page_to_change_it(operator_client, account):
    entry = ledger.append("erasure.done", account_id=account.pk, rows=1, survivors=0)

    path = page(LedgerEntry, "change", entry.pk)
    answers = [
        operator_client.post(path, {"action": "x"}).status_code,
        operator_client.post(page(LedgerEntry, "delete", entry.pk), {"post": "yes"}).status_code,
        operator_client.post(page(LedgerEntry, "add"), {}).status_code,
        operator_client.post(page(ConsentRecord, "add"), {}).status_code,
    ]

    assert answers == [403, 403, 403, 403]
    assert LedgerEntry.objects.get(pk=entry.pk).action == "erasure.done"


def test_ledger_is_verified_on_demand_and_tells_of_a_change(manager_client, account):
    ledger.append("erasure.done", account_id=account.pk, rows=1, survivors=0)
    path = reverse("admin:privacy_ledgerentry_verify")

    whole = manager_client.post(path, follow=True).content.decode()
    LedgerEntry.objects.filter(seq=1).update(action="erasure.other")
    broken = manager_client.post(path, follow=True).content.decode()

    assert "Verified just now: 1 entry" in whole
    assert "The ledger is broken at entry 1" in broken
    assert manager_client.get(path).status_code == 405


def test_pages_hold_nothing_that_visitors_wrote(operator_client, manager_client, account, agent):
    person = factories.contact(account, name="MARKERNAME", email="markeraddress@mail.example")
    factories.ticket(account, requester=person, subject="MARKERSUBJECT", says=("MARKERWORDS",))
    factories.chat(account, contact=person, says=("MARKERCHAT",), agent=agent)
    paths = [
        reverse("admin:index"),
        reverse("admin:lock_outs"),
        page(Account, "changelist"),
        page(Account, "change", account.pk),
        page(Account, "history", account.pk),
        page(User, "changelist"),
        page(User, "change", agent.pk),
        page(User, "history", agent.pk),
        *(
            reverse(f"admin:privacy_{name}_changelist")
            for name in ("ledgerentry", "consentrecord", "dailycount")
        ),
    ]

    for client in (operator_client, manager_client):
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "marker" not in answer.content.decode().lower(), path


def test_history_names_fields_and_no_person(manager_client, agent, account):
    changed = {"name": "Ada Lovely", "email": "lovely@staff.example", "role": "agent", "is_active": "on"}
    manager_client.post(page(User, "change", agent.pk), changed | {"new_password": ""})

    entry = LogEntry.objects.get()
    assert entry.object_repr == str(agent)
    assert entry.get_change_message() == "Changed Name and Email."


def test_lists_need_as_many_queries_for_three_rows_as_for_one(manager_client, account, agent, monkeypatch):
    monkeypatch.setattr(gate, "_open_until", float("inf"))  # it asks anew every few seconds

    def queries(path):
        manager_client.get(path)
        with (
            CaptureQueriesContext(connections["default"]) as main,
            CaptureQueriesContext(connections["vault"]) as vault,
        ):
            manager_client.get(path)
        return len(main), len(vault)

    paths = [page(User, "changelist"), page(Account, "change", account.pk), reverse("admin:index")]
    ledger.append("one", account_id=account.pk)
    paths.append(reverse("admin:privacy_ledgerentry_changelist"))
    one = [queries(path) for path in paths]
    for _number in range(2):
        factories.user(account=account)
        ledger.append("more", account_id=account.pk)

    assert [queries(path) for path in paths] == one


def test_lock_outs_are_shown_and_lifted_for_ones_own_people(manager_client, agent, stranger, client):
    for person in (agent, stranger):
        for _attempt in range(6):
            client.post("/sign-in/", {"username": person.email, "password": "wrong password here"})

    shown = manager_client.get(reverse("admin:lock_outs")).content.decode()
    refused = manager_client.post(reverse("admin:lift_lock_out", args=[stranger.pk]))
    manager_client.post(reverse("admin:lift_lock_out", args=[agent.pk]))

    assert [each.get_full_name() in shown for each in (agent, stranger)] == [True, False]
    assert refused.status_code == 404
    assert "Nobody is locked out" in manager_client.get(reverse("admin:lock_outs")).content.decode()
    assert LedgerEntry.objects.filter(action="lockout.lifted").count() == 1
