"""An account's own minimum terms: set in the tab, on record, and asked about where less is decided."""

import pytest
from django.core.exceptions import ValidationError

from helpdesk.services.minimums import as_json
from helpdesk.services.retention import Decision, change_retention
from privacy.categories import Category
from privacy.minimum_terms import MinimumTerm
from privacy.models import LedgerEntry, PolicyVersion, RetentionMinimum, RetentionPolicy
from privacy.services.erasing.purge import purge
from privacy.services.rules.minimums import minimums_of
from privacy.terms import Rule, Term, Unit
from tests import factories
from tests.helpdesk.test_admin_pages import as_shown, errors_of, path_of
from tests.helpdesk.test_admin_retention import A_WEEK, rehearsed

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "invoices, § 147 AO"
TEN_YEARS = MinimumTerm(Category.TICKET, Term(Rule.AFTER, 10, Unit.YEARS), WHY)
SAID = {"ticket": {"term": "after.10.years", "reason": WHY}}
SET = {"ticket_minimum_amount": 10, "ticket_minimum_unit": "years", "ticket_minimum_reason": WHY}
CONFLICT = f"Tickets should be kept for 10 years at least ({WHY})."


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


@pytest.fixture
def bound(account):
    """The account, which has to keep tickets for ten years."""
    change_retention(account=account, decisions={}, minimums={"ticket": TEN_YEARS}, by=None)
    return account


def post(client, account, **chosen):
    return client.post(path_of(account), as_shown(client, account) | chosen)


# The service


def test_minimum_is_a_version_of_the_rules_with_who_and_when(account, manager):
    version = change_retention(
        account=account, decisions={}, minimums={"ticket": TEN_YEARS}, by=manager, reason="Our tax adviser"
    )

    assert minimums_of(account.pk) == {"ticket": TEN_YEARS}
    assert (version.number, version.by, version.reason) == (1, manager, "Our tax adviser")
    assert (version.minimums_before, version.minimums_after) == ({}, SAID)
    assert version.before == version.after


def test_ledger_gets_the_code_of_a_minimum_and_not_its_words(bound):
    entry = LedgerEntry.objects.get(action="retention.minimum_changed")

    assert (entry.params["category"], entry.params["before"], entry.params["after"]) == (
        "ticket",
        "",
        "after.10.years",
    )
    assert WHY not in str(list(LedgerEntry.objects.values_list("params", flat=True)))


def test_same_minimum_again_is_no_change(bound):
    assert change_retention(account=bound, decisions={}, minimums={"ticket": TEN_YEARS}, by=None) is None
    assert PolicyVersion.objects.count() == 1


def test_minimum_is_taken_away(bound):
    version = change_retention(account=bound, decisions={}, minimums={"ticket": None}, by=None)

    assert minimums_of(bound.pk) == {}
    assert (version.minimums_before, version.minimums_after) == (SAID, {})


def test_shorter_term_needs_a_reason_and_then_it_is_the_accounts_to_decide(bound):
    week = {"ticket": Decision(Term(Rule.AFTER, 1, Unit.WEEKS))}

    with pytest.raises(ValidationError, match=r"10 years at least.*Say why less"):
        change_retention(account=bound, decisions=week, by=None, reason=" ")
    assert PolicyVersion.objects.count() == 1

    version = change_retention(
        account=bound, decisions=week, by=None, reason="No invoices in tickets any more"
    )
    assert version.number == 2
    assert version.minimums_before == version.minimums_after == SAID


@pytest.mark.parametrize(
    "decision",
    [
        Decision(Term(Rule.AFTER, 10, Unit.YEARS)),
        Decision(Term(Rule.KEEP)),
        Decision(Term(Rule.AFTER, 1, Unit.YEARS), archive=Term(Rule.AFTER, 9, Unit.YEARS)),
    ],
)
def test_term_that_is_long_enough_needs_no_reason(bound, decision):
    assert change_retention(account=bound, decisions={"ticket": decision}, by=None)


def test_minimum_of_one_category_asks_nothing_of_another(bound):
    assert change_retention(account=bound, decisions={"chat": Decision(Term(Rule.AT_ONCE))}, by=None)


def test_minimum_keeps_nothing_and_erases_nothing(bound):
    factories.policy(bound, Category.TICKET, rule=Rule.AT_ONCE)
    factories.ticket(bound, closed_at=bound.created_at)

    assert purge().by_category["ticket"] == 1


def test_earlier_versions_say_nothing_of_minimums(account):
    assert as_json({}) == PolicyVersion(account=account).minimums_after == {}


# The tab


def test_manager_sets_a_minimum_in_the_tab_and_sees_the_version(manager_client, account, manager):
    post(manager_client, account, **SET, reason="Our tax adviser")

    page = manager_client.get(path_of(account))
    row = next(row for row in page.context["retention"].rows if row.category == "ticket")
    assert minimums_of(account.pk) == {"ticket": TEN_YEARS}
    assert [row.minimum[name].value() for name in row.minimum.fields] == [10, "years", WHY]
    (version,) = page.context["policy_versions"]
    assert [(change.category, change.before, change.after) for change in version.changes] == [
        ("tickets, at least", "no minimum", f"10 years ({WHY})")
    ]
    assert PolicyVersion.objects.get().by == manager


def test_minimum_is_taken_away_by_emptying_it(manager_client, bound):
    post(manager_client, bound, ticket_minimum_amount="", ticket_minimum_reason="")

    assert not RetentionMinimum.objects.exists()


def test_save_of_something_else_leaves_a_minimum_as_it_is(manager_client, bound):
    post(manager_client, bound, chat_rule="at_once")

    assert minimums_of(bound.pk) == {"ticket": TEN_YEARS}
    assert [version.minimums_after for version in PolicyVersion.objects.order_by("number")] == [SAID, SAID]


def test_rehearsal_says_the_conflict_with_a_minimum_that_is_being_typed(manager_client, account):
    assert CONFLICT not in rehearsed(manager_client, account).text

    assert CONFLICT in rehearsed(manager_client, account, **SET).text


def test_rehearsal_says_the_conflict_with_a_minimum_that_is_set(manager_client, bound):
    assert CONFLICT in rehearsed(manager_client, bound).text
    longer = {"ticket_rule": "after", "ticket_amount": 10, "ticket_unit": "years"}
    assert CONFLICT not in rehearsed(manager_client, bound, **longer).text


def test_shorter_rule_asks_for_a_reason_beside_its_field(manager_client, bound):
    refused = post(manager_client, bound, **A_WEEK)

    (error,) = errors_of(refused)["reason"]
    assert error == f"This account set itself a minimum: tickets for 10 years at least ({WHY}). Say why less."
    assert RetentionPolicy.objects.get(account=bound, category="ticket").amount == 30

    post(manager_client, bound, **A_WEEK, reason="No invoices in tickets any more")

    assert RetentionPolicy.objects.get(account=bound, category="ticket").term == Term(
        Rule.AFTER, 1, Unit.WEEKS
    )


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"ticket_minimum_amount": 10}, "ticket_minimum_reason"),
        ({"ticket_minimum_reason": WHY}, "ticket_minimum_amount"),
        ({"ticket_minimum_amount": 0, "ticket_minimum_reason": WHY}, "ticket_minimum_amount"),
        ({"ticket_minimum_amount": 1201, "ticket_minimum_reason": WHY}, "ticket_minimum_amount"),
        ({"ticket_minimum_amount": "ten", "ticket_minimum_reason": WHY}, "ticket_minimum_amount"),
        ({**SET, "ticket_minimum_unit": "minutes"}, "ticket_minimum_unit"),
        ({**SET, "ticket_minimum_reason": "a\nb"}, "ticket_minimum_reason"),
        ({**SET, "ticket_minimum_reason": "x" * 201}, "ticket_minimum_reason"),
    ],
)
def test_minimum_that_is_incomplete_or_wrong_is_told_beside_its_field(manager_client, account, chosen, field):
    refused = post(manager_client, account, **chosen)

    assert list(errors_of(refused)) == [field]
    assert not RetentionMinimum.objects.exists()
    assert not PolicyVersion.objects.exists()


def test_manager_of_another_account_sets_nothing(account, other_account, signed_in):
    client = signed_in(factories.manager(other_account))

    assert client.post(path_of(account), SET).status_code in {302, 404}
    assert not RetentionMinimum.objects.exists()
