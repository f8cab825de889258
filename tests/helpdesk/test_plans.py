"""Plans: what an account decides within its own, what comes of a change, and what never depends on one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from chat.models import Conversation
from chat.services.erasing import erase_chat
from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account, Contact, Ticket
from helpdesk.services.account_settings import change_account
from helpdesk.services.accounts import open_account
from helpdesk.services.retention import Decision, change_retention
from helpdesk.services.tickets import erase_ticket
from privacy.cadences import Cadence, Every
from privacy.models import AtEnd, Plan, PlanTerm
from privacy.services.erasing.purge import purge
from privacy.services.people.rights import erase_contact
from privacy.services.rules.policies import policies_in_force, policy_in_force
from privacy.services.rules.retention import sentence_of
from privacy.terms import Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
WEEKLY = Cadence(Every.WEEKLY, hour=4, weekday=6)
YEARS = {number: Term(Rule.AFTER, number, Unit.YEARS) for number in (1, 2, 3, 5, 9)}
THREE_MONTHS = Term(Rule.AFTER, 3, Unit.MONTHS)
TERMS = {
    "standard": {
        "chat": THREE_MONTHS,
        "chat_file": YEARS[2],
        "ticket": YEARS[2],
        "ticket_file": YEARS[2],
        "report": YEARS[1],
    },
    "enterprise": {
        "chat": YEARS[2],
        "chat_file": YEARS[5],
        "ticket": YEARS[5],
        "ticket_file": YEARS[5],
        "report": YEARS[3],
    },
}


@pytest.fixture
def undecided(account) -> Account:
    """An account that decided nothing."""
    account.retention_policies.all().delete()
    return account


def _move(account: Account, plan: str, by) -> None:
    account = Account.objects.get(pk=account.pk)
    change_account(account=account, by=by, address=NOWHERE, values={"plan": Plan.objects.get(pk=plan)})
    # What a plan cuts short waits a day; that has tests of its own.
    account.cooling_offs.all().delete()


def _decide(account: Account, by, **decisions: Decision) -> None:
    change_retention(account=account, decisions=decisions, by=by, skip_cooling=True, reason="Tried out")


def _in_force(account: Account, category: str = "chat"):
    policy = policy_in_force(account_id=account.pk, category=category)
    assert policy in list(policies_in_force(account.pk))  # read one by one or together, it is the same rule
    return policy


@pytest.mark.parametrize(
    ("plan", "category", "term"),
    [(plan, category, term) for plan, terms in TERMS.items() for category, term in terms.items()],
)
def test_plan_keeps_for_who_decided_nothing(undecided, operator, plan, category, term):
    _move(undecided, plan, operator)

    policy = _in_force(undecided, category)

    assert (policy.term, policy.limited) == (term, True)
    assert policy.archive is None


@pytest.mark.parametrize(("plan", "days"), [("standard", 92), ("enterprise", 2 * 365 + 1)])
def test_purge_obeys_the_plan_of_who_decided_nothing(undecided, operator, plan, days):
    _move(undecided, plan, operator)
    factories.chat(undecided, closed_at=NOW - timedelta(days=days))
    kept = factories.chat(undecided, closed_at=NOW - timedelta(days=days - 2))

    purge(now=NOW)

    assert list(Conversation.objects.all()) == [kept]


@pytest.mark.parametrize("plan", ["standard", "enterprise"])
@pytest.mark.parametrize("term", [Term(Rule.AT_ONCE), Term(Rule.AFTER, 5, Unit.DAYS)], ids=Term.code)
def test_every_plan_may_keep_for_less(account, manager, operator, plan, term):
    _move(account, plan, operator)

    _decide(account, manager, chat=Decision(term))

    assert _in_force(account).term.code() == term.code()


@pytest.mark.parametrize(
    "decision",
    [
        Decision(Term(Rule.KEEP)),
        Decision(YEARS[1]),
        Decision(Term(Rule.AFTER, 5, Unit.DAYS), cadence=WEEKLY),
        Decision(Term(Rule.AFTER, 5, Unit.DAYS), archive=YEARS[1]),
    ],
    ids=["until deleted by hand", "longer", "schedule", "archive"],
)
def test_standard_decides_no_schedule_no_longer_term_and_no_archive(account, manager, operator, decision):
    _move(account, "standard", operator)
    before = _in_force(account)

    with pytest.raises(ValidationError) as refused:
        _decide(account, manager, chat=decision)

    assert refused.value.code == "plan"
    assert _in_force(account) == before


@pytest.mark.parametrize("plan", ["standard", "enterprise"])
def test_every_plan_may_keep_figures_only(account, manager, operator, plan):
    _move(account, plan, operator)

    _decide(account, manager, chat=Decision(Term(Rule.AFTER, 5, Unit.DAYS), at_end=AtEnd.SKELETON))

    assert _in_force(account).at_end == AtEnd.SKELETON


def test_downgrade_cuts_what_the_plan_does_not_allow_and_an_upgrade_brings_it_back(
    account, manager, operator
):
    _decide(
        account,
        manager,
        chat=Decision(YEARS[9], cadence=WEEKLY, archive=YEARS[1]),
        ticket=Decision(Term(Rule.KEEP)),
    )
    decided = [_in_force(account, category) for category in ("chat", "ticket")]

    _move(account, "standard", operator)
    chat, ticket = (_in_force(account, category) for category in ("chat", "ticket"))
    _move(account, "enterprise", operator)

    assert (chat.term, chat.cadence, chat.archive, chat.limited) == (
        THREE_MONTHS,
        Cadence(Every.CONTINUOUS),
        None,
        True,
    )
    assert (ticket.term, ticket.limited) == (YEARS[2], True)
    assert sentence_of(chat) == "Erased 3 months after it is closed"
    again = [_in_force(account, category) for category in ("chat", "ticket")]
    assert [replace(rule, version=0) for rule in again] == [replace(rule, version=0) for rule in decided]
    assert (decided[0].term, decided[0].cadence, decided[0].archive) == (YEARS[9], WEEKLY, YEARS[1])
    assert decided[1].term.code() == "keep"


def test_downgrade_leaves_a_shorter_term_as_it_is(account, manager, operator):
    _decide(account, manager, chat=Decision(Term(Rule.AFTER, 5, Unit.DAYS), cadence=WEEKLY))

    _move(account, "standard", operator)

    policy = _in_force(account)
    assert (policy.term, policy.limited) == (Term(Rule.AFTER, 5, Unit.DAYS), False)
    assert policy.cadence == Cadence(Every.CONTINUOUS)


def test_what_was_kept_until_deleted_by_hand_goes_by_the_plan_after_a_downgrade(account, manager, operator):
    _decide(account, manager, chat=Decision(Term(Rule.KEEP)))
    factories.chat(account, closed_at=NOW - timedelta(days=92))
    kept = purge(now=NOW).due

    _move(account, "standard", operator)

    assert (kept, purge(now=NOW).erased) == (0, 1)


def test_plan_is_the_operators_decision(account, manager):
    with pytest.raises(PermissionDenied):
        _move(account, "standard", manager)

    assert Account.objects.get(pk=account.pk).plan_id == "enterprise"


def test_terms_of_a_plan_are_data_and_count_at_once(undecided):
    PlanTerm.objects.filter(plan="enterprise", category="chat").update(amount=1, unit=Unit.DAYS)
    factories.chat(undecided, closed_at=NOW - timedelta(days=2))

    assert _in_force(undecided).term == Term(Rule.AFTER, 1, Unit.DAYS)
    assert purge(now=NOW).erased == 1


def test_plan_without_a_term_for_a_category_keeps_it_by_hand(undecided):
    PlanTerm.objects.filter(category="chat").delete()
    factories.chat(undecided, closed_at=NOW - timedelta(days=9999))

    assert _in_force(undecided).term == Term(Rule.KEEP)
    assert purge(now=NOW).due == 0


@pytest.mark.parametrize("plan", ["standard", "enterprise"])
def test_plan_of_a_new_account_is_a_setting(settings, plan, db):
    settings.LETHE_DEFAULT_PLAN = plan

    opened = open_account(name="New Nettles")

    assert opened.plan_id == plan
    # Whatever the plan, it begins with the most careful terms.
    assert _in_force(opened).term.code() == "at_once"
    assert _in_force(opened, "ticket").term.code() == "after.30.days"


@pytest.mark.parametrize("plan", ["standard", "enterprise"])
@pytest.mark.parametrize("term", [Term(Rule.KEEP), YEARS[9]], ids=Term.code)
def test_rights_of_people_never_depend_on_a_plan(account, owner, manager, operator, plan, term):
    _decide(account, manager, chat=Decision(term), ticket=Decision(term))
    _move(account, plan, operator)
    person = factories.contact(account)
    factories.chat(account, contact=person)
    factories.ticket(account, requester=person)
    by_hand = [factories.chat(account, closed_at=NOW), factories.ticket(account)]

    receipt = erase_contact(contact_id=str(person.pk), reason="objection")
    erase_chat(conversation=by_hand[0], by=owner)
    erase_ticket(ticket=by_hand[1], by=owner)

    assert sorted(line["unit"] for line in receipt.erased) == [
        "chat.conversation",
        "helpdesk.contact",
        "helpdesk.ticket",
    ]
    assert Conversation.objects.count() == Ticket.objects.count() == Contact.objects.count() == 0
