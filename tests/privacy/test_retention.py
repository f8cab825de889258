"""What visitors and agents are told: when something is erased, and that somebody agreed."""

from datetime import UTC, datetime

import pytest

from privacy.categories import Category
from privacy.models import RetentionPolicy
from privacy.services.people.consent import Given, consent_of, record_consent
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import Expiry, expiry_of
from privacy.terms import Rule, Term
from tests import factories

CLOSED = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "open_yet", "closed"),
    [
        (
            {"rule": Rule.KEEP},
            Expiry(None, "Kept until somebody deletes it"),
            Expiry(None, "Kept until somebody deletes it"),
        ),
        (
            {"rule": Rule.AT_ONCE},
            Expiry(None, "Erased as soon as it is closed", at_once=True),
            Expiry(CLOSED, "Will be erased in a moment", at_once=True),
        ),
        (
            {"rule": Rule.AFTER, "amount": 1, "unit": "months"},
            Expiry(None, "Erased 1 month after it is closed"),
            Expiry(datetime(2026, 2, 28, 12, tzinfo=UTC), ""),
        ),
    ],
)
def test_expiry_is_a_sentence_until_the_clock_runs_and_then_a_moment(policy, open_yet, closed, account):
    factories.policy(account, Category.CHAT, **policy)

    units = None, factories.chat(account), factories.chat(account, closed_at=CLOSED)
    told = [expiry_of(account_id=account.pk, category=Category.CHAT, unit=unit) for unit in units]

    assert told == [open_yet, open_yet, closed]


@pytest.mark.parametrize(
    ("category", "clock", "sentence"),
    [
        ("ticket", "closed", "Erased 30 days after it is closed"),
        ("ticket", "created", "Erased 30 days after it was begun, once it is closed"),
        ("ticket", "last_activity", "Erased 30 days after the last activity, once it is closed"),
        ("chat", "last_message", "Erased 30 days after the last message, once it is closed"),
        ("ticket_file", "created", "Erased 30 days after it was begun"),
        ("contact", "last_activity", "Erased 30 days after the last chat or ticket has gone"),
    ],
)
def test_clock_that_begins_earlier_says_that_nothing_goes_before_it_is_closed(
    account, category, clock, sentence
):
    factories.policy(account, category)
    account.retention_policies.filter(category=category).update(clock=clock)

    assert expiry_of(account_id=account.pk, category=category).sentence == sentence


def test_without_a_decision_the_term_of_the_plan_is_obeyed(account):
    RetentionPolicy.objects.all().delete()

    policy = policy_in_force(account_id=account.pk, category=Category.CHAT)

    assert (policy.term, policy.limited) == (Term(Rule.AFTER, 2, "years"), True)


def test_policy_of_another_account_or_category_changes_nothing(account, other_account):
    factories.policy(other_account, Category.CHAT, rule=Rule.AT_ONCE)
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)

    assert policy_in_force(account_id=account.pk, category=Category.CHAT).term.rule == Rule.AFTER


def test_consent_is_found_for_the_person_who_gave_it_only(account, visitor):
    notice, other = account.consent_notices.get(), factories.contact(account)
    record_consent(account=account, person=visitor, form="chat", given=Given.to_all(notice))

    assert consent_of(account=account, person=visitor).notice == notice
    assert consent_of(account=account, person=other) is None
