from ipaddress import ip_address

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from helpdesk.account_codes import marks_of
from helpdesk.client_ip import NOWHERE, ClientAddress
from helpdesk.models import Account
from helpdesk.services.account_settings import ChangedMeanwhile, change_account, revision_of
from helpdesk.services.accounts import assign_managers, open_account
from helpdesk.services.retention import Decision
from privacy import ledger
from privacy.categories import Category
from privacy.models import ConsentNotice, LedgerEntry, Plan, RetentionPolicy
from privacy.terms import Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

HOME = ClientAddress(ip_address("203.0.113.7"), True)


def entries(action, account):
    return [e.params for e in LedgerEntry.objects.filter(action=action, account_id=account.pk)]


def test_new_account_begins_with_the_most_careful_settings(operator):
    account = open_account(name="Moss & Kettle", by=operator)

    terms = {policy.category: policy.term for policy in account.retention_policies.all()}
    assert terms[Category.CHAT].rule == Rule.AT_ONCE
    assert terms[Category.TICKET] == Term(Rule.AFTER, 30, Unit.DAYS)
    purpose = account.purposes.get()
    assert (account.consent_mechanism, purpose.basis, purpose.is_required) == ("field", "consent", True)
    assert Account.Field.REQUIRED not in account.field_rules("chat").values()
    assert Account.Field.REQUIRED not in account.field_rules("ticket").values()
    assert "Moss & Kettle" in ConsentNotice.objects.get(account=account, version=1).text
    assert entries("account.opened", account) == [
        {"who": ledger.reference(operator), "plan": account.plan_id}
    ]


def test_retention_change_leaves_the_term_before_and_after(account, manager):
    change_account(
        account=account,
        by=manager,
        address=HOME,
        values={},
        decisions={Category.CHAT: Decision(Term(Rule.AFTER, 2, Unit.WEEKS))},
    )

    assert RetentionPolicy.objects.get(account=account, category="chat").term == Term(
        Rule.AFTER, 2, Unit.WEEKS
    )
    assert entries("retention.changed", account) == [
        {
            "who": ledger.reference(manager),
            "category": "chat",
            "before": "after.30.days",
            "after": "after.2.weeks",
            "clock": "closed",
            "cadence": "continuous",
            "archive": "",
            "at_end": "erase",
            "version": 1,
            "cooling": True,
        }
    ]


def test_saving_what_is_there_already_leaves_no_entry(account, manager):
    change_account(
        account=account,
        by=manager,
        address=HOME,
        values={"name": account.name},
        decisions={Category.CHAT: Decision(Term(Rule.AFTER, 30, Unit.DAYS))},
        networks=[],
    )

    assert LedgerEntry.objects.filter(account_id=account.pk).count() == 0


def test_changed_fields_are_named_without_their_values(account, manager):
    change_account(
        account=account,
        by=manager,
        address=HOME,
        values={"controller": "Ann Other, Bath", "name": "New name"},
    )

    assert entries("account.changed", account) == [
        {"who": ledger.reference(manager), "fields": ["controller", "name"]}
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("policy_url", "https://bramble.example/privacy"), ("consent_mechanism", "none"), ("language", "de")],
)
def test_another_way_to_ask_makes_a_new_version_of_the_notice(account, manager, name, value):
    change_account(account=account, by=manager, address=HOME, values={name: value})

    versions = ConsentNotice.objects.filter(account=account).order_by("version")
    kept = {"consent_mechanism": "mechanism"}.get(name, name)
    assert [getattr(notice, kept) for notice in versions][1:] == [value]


@pytest.mark.parametrize("name", ["plan", "is_active"])
def test_manager_does_not_decide_what_operators_decide(account, manager, name):
    before = Account.objects.get(pk=account.pk)
    values = {"plan": Plan.objects.exclude(pk=before.plan_id).first(), "is_active": False}

    with pytest.raises(PermissionDenied):
        change_account(account=account, by=manager, address=HOME, values={name: values[name]})

    assert getattr(Account.objects.get(pk=account.pk), name) == getattr(before, name)


@pytest.mark.parametrize(
    ("networks", "address", "code"),
    [
        ([], HOME, "empty"),
        ([("198.51.100.0/24", "elsewhere")], HOME, "locks_out"),
        ([("203.0.113.0/24", "here")], ClientAddress(HOME.address, False), "unsure"),
        ([("0.0.0.0/1", "half of everything")], NOWHERE, "unsure"),
    ],
)
def test_list_that_would_lock_out_its_editor_is_refused(account, manager, networks, address, code):
    with pytest.raises(ValidationError) as refused:
        change_account(
            account=account,
            by=manager,
            address=address,
            values={"allowlist_enabled": True, "name": "Never saved"},
            networks=networks,
        )

    account.refresh_from_db()
    assert refused.value.code == code
    assert (account.allowlist_enabled, account.name) == (False, "Bramble Books")
    assert list(account.allowed_networks.all()) == []
    assert LedgerEntry.objects.filter(account_id=account.pk).count() == 0


def test_allowlist_change_leaves_numbers_and_no_address(account, manager):
    change_account(
        account=account,
        by=manager,
        address=HOME,
        values={"allowlist_enabled": True},
        networks=[("203.0.113.0/24", "office"), ("2001:db8::/32", "")],
    )

    assert sorted(account.allowed_networks.values_list("network", "note")) == [
        ("2001:db8::/32", ""),
        ("203.0.113.0/24", "office"),
    ]
    assert entries("allowlist.changed", account) == [
        {
            "who": ledger.reference(manager),
            "added": 2,
            "removed": 0,
            "networks": 2,
            "lines": marks_of(account, ["203.0.113.0/24", "2001:db8::/32"]),
        }
    ]


def test_second_of_two_who_save_at_once_is_told(account, manager):
    opened = revision_of(account)
    change_account(account=account, by=manager, address=HOME, revision=opened, values={"name": "First"})

    with pytest.raises(ChangedMeanwhile):
        change_account(account=account, by=manager, address=HOME, revision=opened, values={"name": "Second"})

    account.refresh_from_db()
    assert account.name == "First"


def test_only_operators_assign_managers(account, manager, operator):
    newcomer = factories.manager()

    with pytest.raises(PermissionDenied):
        assign_managers(account=account, managers=[newcomer], by=manager)
    assign_managers(account=account, managers=[newcomer], by=operator)

    assert list(account.managers.all()) == [newcomer]
    assert [len(entries(f"manager.{what}", account)) for what in ("assigned", "withdrawn")] == [1, 1]


def test_only_managers_are_assigned(account, operator, agent):
    assign_managers(account=account, managers=[agent], by=operator)

    assert list(account.managers.all()) == []
