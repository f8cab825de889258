"""When a rule takes something: as somebody would who goes from run to run and looks at the clock."""

from collections.abc import Callable
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
from privacy.services.rules.policies import Policy
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
def rules(draw) -> tuple[Policy, datetime]:
    """Draw a rule, and a moment near which things begin: near a shortening where there is one."""
    moment, zone = draw(places())
    cooling = {}
    if draw(st.booleans()):
        changed_at = moment + draw(st.timedeltas(-2 * DAY, 2 * DAY))
        former = draw(terms | st.just(Term(Rule.KEEP)) | st.none())
        cooling = {"changed_at": changed_at, "cooling_until": changed_at + COOLING_OFF, "former": former}
    policy = Policy(
        account_id=1,
        category="chat",
        zone=zone,
        term=draw(terms),
        clock=draw(st.sampled_from(list(CLOCKS))),
        cadence=draw(cadences),
        archive=draw(st.none() | lengths.map(lambda length: Term(Rule.AFTER, *length))),
        **cooling,
    )
    return policy, moment


def first_run(policy: Policy, turns: list[datetime | None], is_ready: Callable[[datetime], bool]) -> datetime:
    """Go from run to run, from before the first of these moments, to the one that finds it ready."""
    known = [turn for turn in turns if turn is not None]
    if policy.cadence.every == Every.CONTINUOUS:
        return min(turn for turn in known if is_ready(turn))
    run = policy.cadence.next_run(turns[0] - 2 * DAY, policy.zone)
    while not is_ready(run):
        run = policy.cadence.next_run(run + MOMENT, policy.zone)
    return run


def leaves(policy: Policy, start: datetime) -> datetime:
    """Return the first run that finds the term over, and no cooling-off that is about this."""
    end = policy.term.ends_at(start, policy.zone)
    former_end = policy.former.ends_at(start, policy.zone) if policy.former else None

    def is_ready(run: datetime) -> bool:
        cools = policy.changed_at is not None and start < policy.changed_at and run < policy.cooling_until
        return end <= run and (not cools or (former_end is not None and former_end <= run))

    return first_run(policy, [end, policy.cooling_until, former_end], is_ready)


def erased(policy: Policy, start: datetime) -> datetime:
    """Return the first run that finds the term in the archive over, too, where there is one."""
    archived_at = leaves(policy, start)
    if policy.archive is None:
        return archived_at
    end = policy.archive.ends_at(archived_at, policy.zone)
    return first_run(policy, [end], lambda run: end <= run)


@given(rule=rules())
def test_rule_takes_it_at_the_first_run_that_finds_its_terms_over(rule):
    policy, start = rule

    assert policy.leaves_at(start) == leaves(policy, start)
    assert policy.erased_at(start) == erased(policy, start)


@given(rule=rules())
def test_what_went_to_the_archive_late_counts_from_there(rule):
    policy, start = rule
    if policy.archive is None or policy.changed_at:
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
        start = getattr(chat, CLOCKS[policy.clock])
        if not chat.closed_at:
            continue
        if policy.archive and chat.archived_at is None:
            archive |= {chat.pk} if policy.leaves_at(start) <= now else set()
        elif (
            policy.erased_at(start, chat.archived_at) if policy.archive else policy.leaves_at(start)
        ) <= now:
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
