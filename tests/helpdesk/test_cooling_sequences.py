"""Any changes of plans and decisions, one after another: what goes is what was shown before each save."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.models import Conversation
from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account
from helpdesk.services.account_settings import change_account
from helpdesk.services.plans import save_plan
from privacy.cadences import Cadence, Every
from privacy.models import Plan
from privacy.services.rules.decisions import Decision, proposed
from privacy.services.rules.due import everything_due
from privacy.services.rules.policies import policies_in_force, policy_in_force
from privacy.services.rules.policy import Policy
from privacy.services.rules.rehearsal import rehearse
from privacy.services.rules.retention import erased_at
from privacy.services.rules.waits import foreseen
from privacy.terms import Clock, Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)  # a clock is set forward, and a month ends, soon after
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)
FIELDS = {Clock.CLOSED: "closed_at", Clock.CREATED: "created_at", Clock.LAST_MESSAGE: "last_message_at"}

terms = st.one_of(
    st.builds(Term, st.just(Rule.AFTER), st.sampled_from([1, 2, 3, 7, 20, 30]), st.just(Unit.DAYS)),
    st.builds(Term, st.just(Rule.AFTER), st.sampled_from([24, 47, 720]), st.just(Unit.HOURS)),
    st.sampled_from([Term(Rule.AFTER, 1, Unit.MONTHS), Term(Rule.KEEP), Term(Rule.AT_ONCE)]),
)
cadences = st.just(Cadence(Every.CONTINUOUS)) | st.builds(
    Cadence, st.sampled_from([Every.DAILY, Every.WEEKLY, Every.HOURLY]), st.integers(0, 23), st.integers(0, 6)
)


@dataclass(frozen=True)
class Change:
    """What somebody does ``later`` after the change before: several of it at once are one save."""

    later: timedelta
    decision: Decision | None = None
    plan: str = ""
    plan_term: Term | None = None


no_archive = st.none()
archives = no_archive | st.builds(Term, st.just(Rule.AFTER), st.integers(1, 40), st.just(Unit.DAYS))


@st.composite
def changes(draw, archives=no_archive) -> Change:
    decision = Decision(draw(terms), clock=draw(st.sampled_from(list(FIELDS))), cadence=draw(cadences))
    decision = replace(decision, archive=draw(archives))
    kind = draw(st.sampled_from(["decision", "decision", "plan", "plan_term", "both"]))
    return Change(
        later=draw(st.sampled_from([timedelta(0), HOUR, 7 * HOUR, 23 * HOUR, 30 * HOUR])),
        decision=decision if kind in {"decision", "both"} else None,
        plan=draw(st.sampled_from(["standard", "enterprise"])) if kind in {"plan", "both"} else "",
        plan_term=draw(terms) if kind == "plan_term" else None,
    )


# How long before the first change a chat was closed, and how long it had lasted then.
ages = st.tuples(st.timedeltas(-DAY, 33 * DAY), st.timedeltas(timedelta(0), 3 * DAY))


@pytest.fixture
def undone():
    """Return what takes back everything that one example did."""

    @contextmanager
    def one_example() -> Iterator[None]:
        with transaction.atomic(), transaction.atomic(using="vault"):
            yield
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="vault")

    return one_example


def close_chats(account: Account, chats: list) -> None:
    for age, lasted in chats:
        closed_at = START - age
        begun = {"created_at": closed_at - lasted, "last_message_at": closed_at - lasted / 2}
        factories.chat(account, closed_at=closed_at, contact=account.visitor, **begun)


def shown_before(account: Account, change: Change, now: datetime) -> Policy:
    """Return the rule of chats as the page shows it before the change is saved."""
    in_force = policy_in_force(account_id=account.pk, category="chat")
    if change.decision:
        return proposed(in_force, change.decision, now=now)
    plan = Plan.objects.get(pk=change.plan) if change.plan else account.plan
    given_terms = {"chat": change.plan_term} if change.plan_term else {}
    return next(
        rule
        for rule in foreseen(account.pk, plan=plan, terms=given_terms, now=now)
        if rule.category == "chat"
    )


def save(account: Account, change: Change, by) -> bool:
    """Do it as the pages do; returns whether the plan allowed it."""
    if change.plan_term:
        save_plan(plan=account.plan, by=by, terms={"chat": change.plan_term})
        return True
    try:
        with transaction.atomic():
            change_account(
                account=account,
                by=by,
                address=NOWHERE,
                values={"plan": Plan.objects.get(pk=change.plan)} if change.plan else {},
                decisions={"chat": change.decision} if change.decision else {},
            )
    except ValidationError:
        return False
    return True


def alone(rule: Policy, chat: Conversation) -> datetime:
    """Return when a chat would be erased if nothing had to wait."""
    start = getattr(chat, FIELDS[Clock(rule.counts_from or Clock.CLOSED)])
    return replace(rule, wait=None).erased_at(start) or NEVER


def due(account: Account, now: datetime) -> set:
    """Return what a purge would erase at a moment."""
    rule = policy_in_force(account_id=account.pk, category="chat")
    return {each.pk for _declared, batch in everything_due(rule, now) for each in batch.erase}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chats=st.lists(ages, min_size=1, max_size=4), steps=st.lists(changes(), min_size=1, max_size=4))
def test_nothing_goes_sooner_than_was_shown_and_nothing_waits_that_did_not_become_shorter(
    account, visitor, operator, undone, chats, steps
):
    with undone():
        account.visitor, now = visitor, START
        account.retention_policies.all().delete()
        close_chats(account, chats)
        rule = policy_in_force(account_id=account.pk, category="chat")
        promised = {chat.pk: alone(rule, chat) for chat in Conversation.objects.all()}
        for step in steps:
            now += step.later
            over = [pk for pk, at in promised.items() if at <= now]
            assert due(account, now) == set(over)
            Conversation.objects.filter(pk__in=over).delete()  # before anybody changes anything again
            promised = {pk: at for pk, at in promised.items() if at > now}
            account = Account.objects.get(pk=account.pk)
            account.visitor = visitor
            shown = shown_before(account, step, now)
            with freeze_time(now):
                saved = save(account, step, operator)
            rule = policy_in_force(account_id=account.pk, category="chat")
            for chat in Conversation.objects.all():
                was, bare = promised[chat.pk], alone(rule, chat)
                if saved and bare < was and _start(rule, chat) < now:
                    end = rule.term.ends_at(_start(rule, chat), rule.zone)
                    bare = rule.cadence.next_run(max(end, min(was, now + DAY)), rule.zone)
                promised[chat.pk] = bare if saved else was
                assert (erased_at(rule, chat) or NEVER) == promised[chat.pk]
                assert not saved or erased_at(rule, chat) == erased_at(shown, chat)
            if saved:
                assert rehearse([rule], now).by_day == rehearse([shown], now).by_day
        for later in (timedelta(0), 5 * HOUR, 24 * HOUR - timedelta.resolution, 24 * HOUR, 8 * DAY, 40 * DAY):
            left = set(Conversation.objects.values_list("pk", flat=True))
            assert due(account, now + later) == {pk for pk in left if promised[pk] <= now + later}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chats=st.lists(ages, min_size=1, max_size=3),
    steps=st.lists(changes(archives), min_size=1, max_size=4),
)
def test_archive_erases_when_it_was_shown_and_never_sooner_than_a_day_after_a_change(
    account, visitor, operator, undone, chats, steps
):
    with undone():
        account.visitor, now = visitor, START
        close_chats(account, chats)
        for step in steps:
            now += step.later
            account = Account.objects.get(pk=account.pk)
            account.visitor = visitor
            shown = shown_before(account, step, now)
            before = policy_in_force(account_id=account.pk, category="chat")
            was = {chat.pk: erased_at(before, chat) or NEVER for chat in Conversation.objects.all()}
            with freeze_time(now):
                saved = save(account, step, operator)
            rule = policy_in_force(account_id=account.pk, category="chat")
            for chat in Conversation.objects.filter(closed_at__lt=now):
                at = erased_at(rule, chat) or NEVER
                if was[chat.pk] > now:  # the purge saw to the others before anybody changed anything again
                    assert at == (erased_at(shown, chat) or NEVER if saved else was[chat.pk])
                    assert at >= min(was[chat.pk], now + DAY)
            for rules in (rule, shown) if saved else ():
                days = rehearse([rules], now)
                assert (days.by_day, days.in_all) == (rehearse([rule], now).by_day, sum(days.by_day))


def _start(rule: Policy, chat: Conversation) -> datetime:
    return getattr(chat, FIELDS[Clock(rule.counts_from or Clock.CLOSED)])


def test_every_category_is_settled_by_one_save(account, operator):
    rules = {rule.category for rule in policies_in_force(account.pk)}

    with freeze_time(START):
        change_account(
            account=account,
            by=operator,
            address=NOWHERE,
            values={"plan": Plan.objects.get(pk="standard")},
            decisions={category: Decision(Term(Rule.AT_ONCE)) for category in rules},
        )

    waits = set(account.cooling_offs.values_list("category", "since", "until"))
    assert waits == {(category, START, START + DAY) for category in rules - {"contact"}}
