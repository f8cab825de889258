"""The minimum terms that an account sets itself: said where a rule is shorter, and to whoever asks why."""

from datetime import UTC, datetime, timedelta

import pytest

from privacy.minimum_terms import MinimumTerm
from privacy.models import RetentionMinimum
from privacy.services.evidence.explaining import explain
from privacy.services.rules.conflicts import conflicts_of
from privacy.services.rules.minimums import falls_short, minimums_of
from privacy.services.rules.policies import Policy
from privacy.terms import Rule, Term, Unit
from tests import factories

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
TEN_YEARS = MinimumTerm("ticket", Term(Rule.AFTER, 10, Unit.YEARS), "invoices, § 147 AO")


def after(amount: int, unit: str = Unit.YEARS) -> Term:
    return Term(Rule.AFTER, amount, unit)


@pytest.mark.parametrize(
    ("term", "archive", "short"),
    [
        (after(9), None, True),
        (after(119, Unit.MONTHS), None, True),
        (after(120, Unit.MONTHS), None, False),
        (after(10), None, False),
        (after(3), after(6), True),
        (after(3), after(7), False),
        (Term(Rule.KEEP), None, False),
        (Term(Rule.AT_ONCE), None, True),
    ],
)
def test_term_and_archive_count_together_against_a_minimum(term, archive, short):
    assert falls_short(TEN_YEARS, term=term, archive=archive) == short


def test_conflict_names_the_reason_that_the_account_gave():
    short, long = (
        [Policy(account_id=1, category="ticket", zone=UTC, term=term)] for term in (after(2), after(11))
    )

    assert conflicts_of(short, [TEN_YEARS]) == [
        "Tickets should be kept for 10 years at least (invoices, § 147 AO)."
    ]
    assert conflicts_of(long, [TEN_YEARS]) == conflicts_of(short) == []


@pytest.fixture
def minimum(account):
    return RetentionMinimum.objects.create(
        account=account, category="ticket", amount=10, unit=Unit.YEARS, reason="invoices, § 147 AO"
    )


@pytest.mark.django_db
def test_minimum_of_one_account_is_none_of_another(account, other_account, minimum):
    assert minimums_of(account.pk) == {"ticket": TEN_YEARS}
    assert minimums_of(other_account.pk) == {}


@pytest.mark.django_db
def test_whoever_asks_why_reads_the_minimum_and_that_the_rule_is_shorter(account, minimum):
    ticket = factories.ticket(account, closed_at=NOW - timedelta(days=1))

    assert explain(ticket, now=NOW).endswith(
        "That is shorter than the 10 years for which the account means to keep it (invoices, § 147 AO)."
    )
    factories.policy(account, "ticket", amount=10, unit=Unit.YEARS)
    assert explain(ticket, now=NOW).endswith(
        "The account means to keep it for 10 years at least (invoices, § 147 AO)."
    )
    assert "means to keep" not in explain(factories.chat(account, closed_at=NOW), now=NOW)
