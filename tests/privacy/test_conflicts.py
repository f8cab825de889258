"""Rules that get into each other's way, or are shorter than somebody demands, are said before they count."""

from datetime import UTC

import pytest

from privacy.minimum_terms import MINIMUM_TERMS
from privacy.services.rules.conflicts import conflicts_of
from privacy.services.rules.policies import Policy
from privacy.terms import Rule, Term, Unit

YEAR = Term(Rule.AFTER, 1, Unit.YEARS)
LOGS = (
    "Sessions and access logs should be kept for 6 months at least (CNIL, recommendation 2021-122 on logs)."
)


def rule(category: str, term: Term) -> Policy:
    return Policy(account_id=1, category=category, zone=UTC, term=term)


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (Term(Rule.AT_ONCE), [LOGS]),
        (Term(Rule.AFTER, 5, Unit.MONTHS), [LOGS]),
        (Term(Rule.AFTER, 6, Unit.MONTHS), []),
        (YEAR, []),
        (Term(Rule.KEEP), []),
    ],
)
def test_term_below_a_minimum_names_its_source(term, said):
    assert conflicts_of([rule("access", term)]) == said


def test_minimum_of_a_category_says_nothing_about_others():
    assert {minimum.category for minimum in MINIMUM_TERMS} == {"access"}
    assert conflicts_of([rule("mail", Term(Rule.AT_ONCE))]) == []


def test_proof_and_parts_are_compared_with_what_they_belong_to():
    rules = [
        rule("ticket", Term(Rule.AFTER, 30, Unit.DAYS)),
        rule("ticket_file", YEAR),
        rule("consent", Term(Rule.AFTER, 1, Unit.DAYS)),
    ]

    assert conflicts_of(rules) == [
        "Files of tickets are kept longer than tickets, but go with them at the latest.",
        "Tickets may be kept longer than the proof that somebody agreed to it (Article 7(1)).",
    ]
