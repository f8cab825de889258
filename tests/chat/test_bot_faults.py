"""What may be published: a flow without a cycle, a dead end or a missing step, and with consent first."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.bot.faults import faults_of
from chat.bot.flow import END, ENDS, Button, Flow, Kind, Step
from chat.bot.talk import Talk
from helpdesk.models import Account, Team
from privacy.services.people.notices import current_notice
from tests.chat.bots import STEPS, asks_by_bot, button, step

pytestmark = pytest.mark.django_db


def faults(account: Account, *steps: Step, warnings: bool = False) -> list[tuple[str, str]]:
    """Return the steps and controls that stand in the way, or those that are only warned of."""
    found = faults_of(Flow(steps), account)
    return [(fault.step, fault.control) for fault in found if fault.is_warning == warnings]


def says(account: Account, *steps: Step) -> str:
    return " ".join(fault.words for fault in faults_of(Flow(steps), account))


HI = step("hi", Kind.MESSAGE, "Hi!", next="agent")
AGENT = step("agent", Kind.AGENT)
FORK = (button("A", "agent"), button("B", "nowhere"))


def test_flow_of_the_tests_has_no_fault(account):
    asks_by_bot(account)

    assert faults_of(Flow(STEPS), account) == []


def test_empty_flow_is_refused(account):
    assert faults(account) == [("", "")]


@pytest.mark.parametrize(
    ("faulty", "control"),
    [
        (step("hi", Kind.MESSAGE, "Hi!", next="nowhere"), "next"),
        (step("hi", Kind.HOURS, next="agent", otherwise="nowhere"), "otherwise"),
        (step("hi", Kind.HOURS, next="nowhere", otherwise="agent"), "next"),
        (step("hi", Kind.BUTTONS, "Hi?", buttons=FORK), "button_1_next"),
    ],
)
def test_missing_step_is_refused_with_its_name(account, faulty, control):
    assert faults(account, faulty, AGENT) == [("hi", control)]
    assert "“nowhere”, and there is no such step" in says(account, faulty, AGENT)


@pytest.mark.parametrize(
    ("faulty", "control"),
    [
        (step("hi", Kind.MESSAGE, "Hi!"), "next"),
        (step("hi", Kind.TEXT, "Who?", asks="name"), "next"),
        (step("hi", Kind.LINK, "Help", url="https://shop.example/"), "next"),
        (step("hi", Kind.HOURS, next=END), "otherwise"),
        (step("hi", Kind.BUTTONS, "Hi?"), "button_0_words"),
        (step("hi", Kind.BUTTONS, "Hi?", buttons=(button("A", ""),)), "button_0_next"),
    ],
)
def test_dead_end_is_refused(account, faulty, control):
    assert faults(account, faulty) == [("hi", control)]


@pytest.mark.parametrize("kind", sorted(ENDS))
def test_step_that_ends_needs_no_way_on(account, kind):
    assert faults(account, step("end", kind)) == []


def test_cycle_is_refused_where_it_closes(account):
    cycle = [
        step("a", Kind.MESSAGE, "A", next="b"),
        step("b", Kind.BUTTONS, "B", buttons=(button("On", "c"), button("End", END))),
        step("c", Kind.MESSAGE, "C", next="a"),
    ]

    assert faults(account, *cycle) == [("c", "next")]
    assert "A cycle: it leads back to “a”." in says(account, *cycle)


def test_step_that_leads_to_itself_is_a_cycle(account):
    assert faults(account, step("a", Kind.MESSAGE, "A", next="a")) == [("a", "next")]


def test_cycle_that_nothing_leads_to_is_refused_all_the_same(account):
    a, b = step("a", Kind.MESSAGE, "A", next="b"), step("b", Kind.MESSAGE, "B", next="a")

    assert faults(account, HI, AGENT, a, b) == [("b", "next")]


def test_two_ways_to_one_step_are_no_cycle(account):
    fork = step("fork", Kind.BUTTONS, "Which?", buttons=(button("A", "agent"), button("B", "hi")))

    assert faults_of(Flow((fork, HI, AGENT)), account) == []


def test_step_that_nothing_leads_to_is_warned_of(account):
    lost = step("lost", Kind.MESSAGE, "Lost", next=END)

    assert faults(account, HI, AGENT, lost) == []
    assert faults(account, HI, AGENT, lost, warnings=True) == [("lost", "name")]


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.TEXT, Kind.LINK])
def test_step_that_says_nothing_is_refused(account, kind):
    silent = step("hi", kind, next=END, asks="name", url="https://shop.example/")

    assert faults(account, silent) == [("hi", "words")]


# Consent


def test_consent_comes_first_where_the_bot_asks(account):
    asks_by_bot(account)
    consent = step("consent", Kind.CONSENT, next="agent", otherwise=END)
    hi = step("hi", Kind.MESSAGE, "Hi!", next="consent")

    assert ("hi", "name") in faults(account, hi, consent, AGENT)
    assert faults(account, HI, AGENT) == [("hi", "name")]
    assert faults(account, consent, AGENT) == []


def test_consent_is_asked_once(account):
    asks_by_bot(account)
    first = step("first", Kind.CONSENT, next="second", otherwise=END)
    second = step("second", Kind.CONSENT, next="agent", otherwise=END)

    assert faults(account, first, second, AGENT) == [("second", "name")]


def test_questions_that_another_way_of_asking_asks_are_warned_of(account):
    consent = step("consent", Kind.CONSENT, next="agent", otherwise=END)

    assert faults(account, consent, AGENT) == []
    assert faults(account, consent, AGENT, warnings=True) == [("consent", "name")]


@pytest.mark.parametrize(
    "stores",
    [
        step("stores", Kind.TEXT, "Who?", asks="name", next=END),
        step("stores", Kind.AGENT),
        step("stores", Kind.LEAVE),
        step("stores", Kind.DEPARTMENT, next=END),
    ],
)
def test_way_of_no_stores_nothing(account, stores):
    asks_by_bot(account)
    team = Team.objects.create(account=account, name="Orders")
    if stores.kind == Kind.DEPARTMENT:
        stores = step("stores", Kind.DEPARTMENT, team=team.pk, next=END)
    steps = [
        step("consent", Kind.CONSENT, next="agent", otherwise="bye"),
        AGENT,
        step("bye", Kind.BUTTONS, "A pity.", buttons=(button("Why?", "stores"),)),
        stores,
    ]

    assert faults(account, *steps) == [("stores", "name")]
    assert "would store something" in says(account, *steps)


def test_step_of_both_ways_counts_as_one_of_no(account):
    asks_by_bot(account)

    assert faults(account, step("consent", Kind.CONSENT, next="agent", otherwise="agent"), AGENT) == [
        ("agent", "name")
    ]


# What the account has decided elsewhere


def test_field_that_is_not_asked_is_refused(account):
    account.chat_email = Account.Field.OFF
    account.save()
    steps = [step("mail", Kind.TEXT, "Where?", asks="email", next="agent"), AGENT]

    assert faults(account, *steps) == [("mail", "asks")]


def test_team_must_be_of_the_account_and_in_use(account, other_account):
    teams = [
        None,
        Team.objects.create(account=other_account, name="Theirs").pk,
        Team.objects.create(account=account, name="Closed", is_active=False).pk,
    ]

    for team in teams:
        department = step("to", Kind.DEPARTMENT, team=team, next="agent")
        assert faults(account, department, AGENT) == [("to", "team")]


def test_agent_is_reached_with_everything_that_is_required(account):
    asks_by_bot(account)
    account.chat_name = Account.Field.REQUIRED
    account.save()
    consent = step("consent", Kind.CONSENT, next="fork", otherwise=END)
    fork = step("fork", Kind.BUTTONS, "?", buttons=(button("A", "name"), button("B", "agent")))
    name = step("name", Kind.TEXT, "Who?", asks="name", next="agent")

    assert faults(account, consent, fork, name, AGENT) == [("agent", "name")]
    always = step("consent", Kind.CONSENT, next="name", otherwise=END)
    assert faults(account, always, name, AGENT) == []


def test_hours_that_nobody_set_are_warned_of(account):
    hours = step("hours", Kind.HOURS, next="agent", otherwise=END)
    assert faults(account, hours, AGENT, warnings=True) == [("hours", "next")]

    account.business_hours.create(weekday=0, opens="09:00", closes="17:00")

    assert faults_of(Flow((hours, AGENT)), account) == []


# A flow without a fault always comes to an end, whoever answers what


NAMES = [f"s{number}" for number in range(6)]
TARGETS = st.sampled_from([*NAMES, END, ""])


@st.composite
def any_flow(draw) -> Flow:
    steps = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        kind = draw(st.sampled_from(sorted(Kind.values)))
        buttons = draw(st.lists(TARGETS, min_size=1, max_size=3)) if kind == Kind.BUTTONS else []
        steps.append(
            Step(
                name,
                kind,
                {"en": name},
                next=draw(TARGETS),
                otherwise=draw(TARGETS),
                buttons=tuple(Button({"en": "B"}, target) for target in buttons),
                asks=draw(st.sampled_from(["name", "email", "question"])),
                url="https://shop.example/",
            )
        )
    return Flow(tuple(steps))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flow=any_flow(), data=st.data())
def test_flow_without_a_fault_ends_and_stores_nothing_after_a_refusal(account, flow, data):
    asks_by_bot(account)
    has_fault = [fault for fault in faults_of(flow, account) if not fault.is_warning]
    talk = Talk(flow, account, notice=current_notice(account), is_open=data.draw(st.booleans()))
    turn = talk.begin()
    answers = 0
    while (waiting := talk.flow.get(turn.place.step)) and waiting.kind not in ENDS:
        choices = {
            Kind.CONSENT: ["yes", "no"],
            Kind.BUTTONS: [str(n) for n in range(len(waiting.buttons))],
            Kind.TEXT: ["said", "skipped"],
        }[Kind(waiting.kind)]
        turn = talk.answer(turn.place, data.draw(st.sampled_from(choices)), "words")
        answers += 1
        if turn.place.is_refused:
            after = talk.flow.get(turn.place.step)
            assert after is None or after.kind == Kind.BUTTONS
        if has_fault and answers > len(NAMES) + 1:
            return  # a draft may go round in circles; nothing else may
        assert answers <= len(NAMES) + 1
