"""When a rule takes something: as somebody would who goes from run to run and looks at the clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.models import Conversation
from privacy.cadences import Cadence, Every
from privacy.declarations import root_of
from privacy.models import Suspension
from privacy.services.rules.due import due_batches, promising
from privacy.services.rules.policy import Policy, Wait
from privacy.terms import Clock, Rule, Term, Unit
from tests import factories
from tests.privacy.by_hand import DAY, HOUR, MINUTE, places

MOMENT = timedelta.resolution
CONTINUOUS = Cadence(Every.CONTINUOUS)
COOLING_OFF = 24 * HOUR

lengths = st.one_of(
    st.tuples(st.integers(1, 500), st.sampled_from([Unit.MINUTES, Unit.HOURS])),
    st.tuples(st.integers(1, 90), st.sampled_from([Unit.DAYS, Unit.WEEKS])),
    st.tuples(st.integers(1, 40), st.sampled_from([Unit.MONTHS, Unit.YEARS])),
)
terms = lengths.map(lambda length: Term(Rule.AFTER, *length)) | st.just(Term(Rule.AT_ONCE))
cadences = st.builds(
    Cadence, st.sampled_from(list(Every)), st.integers(0, 23), st.integers(0, 6), st.integers(1, 31)
)
CLOCKS = {Clock.CLOSED: "closed_at", Clock.LAST_MESSAGE: "last_message_at", Clock.CREATED: "created_at"}


@st.composite
def bare_rules(draw, zone, terms=terms) -> Policy:
    return Policy(
        account_id=1,
        category="chat",
        zone=zone,
        term=draw(terms),
        clock=draw(st.sampled_from(list(CLOCKS))),
        cadence=draw(cadences),
        archive=draw(st.none() | lengths.map(lambda length: Term(Rule.AFTER, *length))),
    )


@st.composite
def rules(draw) -> tuple[Policy, datetime]:
    """Draw a rule, and a moment near which things begin: near a change where there was one, or some."""
    moment, zone = draw(places())
    since, former = moment - 4 * DAY, None
    for _change in range(draw(st.sampled_from([0, 1, 1, 2]))):
        since += draw(st.timedeltas(timedelta(0), 3 * DAY))
        former = former or draw(bare_rules(zone, terms | st.just(Term(Rule.KEEP))))
        wait = Wait(since, since + COOLING_OFF, former)
        former = replace(draw(bare_rules(zone)), wait=wait)
    return former or draw(bare_rules(zone)), moment


def first_run(policy: Policy, turns: list[datetime | None], is_ready: Callable[[datetime], bool]) -> datetime:
    """Go from run to run, from before the first of these moments, to the one that finds it ready."""
    known = [turn for turn in turns if turn is not None]
    if policy.cadence.every == Every.CONTINUOUS:
        return min(turn for turn in known if is_ready(turn))
    run = policy.cadence.next_run(turns[0] - 2 * DAY, policy.zone)
    while not is_ready(run):
        run = policy.cadence.next_run(run + MOMENT, policy.zone)
    return run


def after_wait(policy: Policy, start: datetime, end: datetime, would_go: Callable) -> datetime:
    """Return the first run that finds this end over, and no wait that is about this."""
    wait = policy.wait
    if wait is None or start >= wait.since:
        return first_run(policy, [end], lambda run: end <= run)
    went = would_go(wait.former, start)

    def is_ready(run: datetime) -> bool:
        return end <= run and (run >= wait.until or (went is not None and went <= run))

    return first_run(policy, [end, wait.until, went], is_ready)


def leaves(policy: Policy, start: datetime) -> datetime | None:
    """Return the run that takes it to the archive, or for good."""
    if policy.term.rule == Rule.KEEP:
        return None
    end = policy.term.ends_at(start, policy.zone)
    return after_wait(policy, start, end, leaves if policy.archive else erased)


def erased(policy: Policy, start: datetime) -> datetime | None:
    """Return the run that erases it: where there is an archive, when its term is over, too."""
    archived_at = leaves(policy, start)
    if policy.archive is None or archived_at is None:
        return archived_at
    return after_wait(policy, start, policy.archive.ends_at(archived_at, policy.zone), erased)


@given(rule=rules())
def test_rule_takes_it_at_the_first_run_that_finds_its_terms_over(rule):
    policy, start = rule

    assert policy.leaves_at(start) == leaves(policy, start)
    assert policy.erased_at(start) == erased(policy, start)


@given(rule=rules())
def test_what_went_to_the_archive_late_counts_from_there(rule):
    policy, start = rule
    if policy.archive is None or policy.wait:
        return
    archived_at = policy.leaves_at(start) + 3 * DAY

    end = policy.archive.ends_at(archived_at, policy.zone)

    assert policy.erased_at(start, archived_at) == first_run(policy, [end], lambda run: end <= run)


@given(
    rule=rules(), late=st.sampled_from([timedelta(0), MOMENT, MINUTE, DAY]) | st.timedeltas(MOMENT, 40 * DAY)
)
def test_nothing_that_is_due_began_after_the_latest_start(rule, late):
    policy, start = rule
    now = policy.leaves_at(start) + late

    assert start <= policy.latest_start(now)
    if policy.archive is not None:
        archived_at = policy.leaves_at(start)
        assert archived_at <= policy.latest_archived(policy.erased_at(start, archived_at) + late)


@given(rule=rules())
def test_wait_never_makes_anything_go_later_than_both_rules_say(rule):
    policy, start = rule
    if policy.wait is None or policy.cadence.every != Every.CONTINUOUS:
        return
    alone, would = replace(policy, wait=None).erased_at(start), policy.wait.former.erased_at(start)

    latest = policy.wait.until
    if policy.archive:  # it counts from when something came there, which may have waited
        latest = policy.archive.ends_at(latest, policy.zone)
    assert alone <= policy.erased_at(start)
    assert latest is None or policy.erased_at(start) <= max(alone, latest)
    if would and not policy.archive:
        assert policy.erased_at(start) <= max(alone, would)


@given(rule=rules(), when=st.timedeltas(-40 * DAY, 400 * DAY))
def test_what_is_kept_until_deleted_by_hand_never_ends(rule, when):
    policy, start = rule
    kept = Policy(1, "chat", policy.zone, Term(Rule.KEEP), cadence=policy.cadence, archive=policy.archive)

    assert kept.leaves_at(start) is kept.erased_at(start) is kept.latest_start(start + when) is None


@st.composite
def crowds(draw) -> tuple[Policy, datetime, list[dict]]:
    """Draw a rule, a moment to look, and what began so that it is due then, or nearly."""
    policy, start = draw(rules())
    now = policy.leaves_at(start) + draw(st.sampled_from([-MOMENT, timedelta(0), MINUTE, 2 * DAY]))
    near = st.sampled_from([-MOMENT, timedelta(0), MOMENT]) | st.timedeltas(-2 * DAY, 2 * DAY)
    archive_began = now - 40 * DAY
    if policy.archive and (latest := policy.latest_archived(now)):
        archive_began = latest
    things = [
        {
            "closed_at": draw(st.none() | near.map(lambda far: start + far)),
            "last_message_at": start + draw(near),
            "created_at": start + draw(near),
            "archived_at": draw(st.none() | near.map(lambda far: archive_began + far)),
            "held": draw(st.sampled_from([False, False, False, True])),
        }
        for _number in range(draw(st.integers(1, 6)))
    ]
    return policy, now, things


def make(account, values: dict) -> Conversation:
    held = values.pop("held")
    status = Conversation.Status.CLOSED if values["closed_at"] else Conversation.Status.WAITING
    if values["closed_at"] is None:
        values["archived_at"] = None
    chat = Conversation(account=account, key_id=uuid4(), token_hash=uuid4().hex, status=status, **values)
    chat.contact = account.contact_of_all
    Conversation.objects.bulk_create([chat])
    if held:
        Suspension.objects.create(
            account=account, unit="chat.conversation", unit_id=chat.pk, review_on=date(2040, 1, 1)
        )
    return chat


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crowd=crowds())
def test_run_finds_in_the_database_what_the_rule_says_of_each(account, crowd):
    policy, now, things = crowd
    account.contact_of_all = account.contacts.first() or factories.contact(account)
    policy = Policy(**vars(policy) | {"account_id": account.pk})
    erase, archive, held = set(), set(), 0
    for values in things:
        stopped, chat = values["held"], make(account, values)
        start, *earlier = (getattr(chat, CLOCKS[rule.counts_from]) for rule in (policy, *policy.formers))
        if not chat.closed_at:
            continue
        at = policy.leaves_at(start, chat.archived_at, earlier=earlier)
        if policy.archive and chat.archived_at is None:
            archive |= {chat.pk} if at <= now else set()
        elif at <= now:
            held += stopped
            erase |= set() if stopped else {chat.pk}

    batches = list(due_batches(root_of(Conversation), policy, now))
    found = promising([policy], now)
    Conversation.objects.all().delete()
    Suspension.objects.all().delete()

    assert {due.pk for batch in batches for due in batch.erase} == erase
    assert {due.pk for batch in batches for due in batch.archive} == archive
    assert sum(batch.held for batch in batches) == held
    assert found or not (erase or archive or held)
