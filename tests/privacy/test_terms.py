"""Terms end on the right day, in every month and year."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.terms import Clock, Rule, Term, Unit

START = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("term", "start", "end"),
    [
        (Term(Rule.AFTER, 1, Unit.MINUTES), START, datetime(2026, 1, 31, 12, 31, 15, tzinfo=UTC)),
        (Term(Rule.AFTER, 36, Unit.HOURS), START, datetime(2026, 2, 2, 0, 30, 15, tzinfo=UTC)),
        (Term(Rule.AFTER, 30, Unit.DAYS), START, datetime(2026, 3, 2, 12, 30, 15, tzinfo=UTC)),
        (Term(Rule.AFTER, 2, Unit.WEEKS), START, datetime(2026, 2, 14, 12, 30, 15, tzinfo=UTC)),
        (Term(Rule.AFTER, 1, Unit.MONTHS), START, datetime(2026, 2, 28, 12, 30, 15, tzinfo=UTC)),
        (Term(Rule.AFTER, 25, Unit.MONTHS), START, datetime(2028, 2, 29, 12, 30, 15, tzinfo=UTC)),
        (
            Term(Rule.AFTER, 12, Unit.MONTHS),
            datetime(2024, 2, 29, tzinfo=UTC),
            datetime(2025, 2, 28, tzinfo=UTC),
        ),
        (
            Term(Rule.AFTER, 1, Unit.MONTHS),
            datetime(2026, 2, 28, tzinfo=UTC),
            datetime(2026, 3, 28, tzinfo=UTC),
        ),
        (
            Term(Rule.AFTER, 1, Unit.YEARS),
            datetime(2024, 2, 29, tzinfo=UTC),
            datetime(2025, 2, 28, tzinfo=UTC),
        ),
        (
            Term(Rule.AFTER, 4, Unit.YEARS),
            datetime(2024, 2, 29, tzinfo=UTC),
            datetime(2028, 2, 29, tzinfo=UTC),
        ),
        (Term(Rule.AT_ONCE, 30, Unit.DAYS), START, START),
        (Term(Rule.KEEP, 30, Unit.DAYS), START, None),
        (Term(Rule.AFTER, 30, Unit.DAYS), None, None),
        (Term("after", 3, "days"), START, START + timedelta(days=3)),
    ],
)
def test_term_ends(term, start, end):
    assert term.ends_at(start) == end


def reference(start: datetime, amount: int, unit: str) -> datetime:
    """Count by hand: seconds for the fixed units, the calendar for months and years."""
    seconds = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 7 * 86400}
    if unit in seconds:
        return start + timedelta(seconds=amount * seconds[unit])
    months = start.year * 12 + start.month - 1 + amount * {"months": 1, "years": 12}[unit]
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


moments = st.datetimes(datetime(1999, 1, 1), datetime(2120, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
terms = st.tuples(st.integers(1, 1200), st.sampled_from([unit.value for unit in Unit]))


@given(start=moments, term=terms)
def test_term_ends_where_counting_by_hand_ends(start, term):
    assert Term(Rule.AFTER, *term).ends_at(start) == reference(start, *term)


@given(start=moments, term=terms, late=st.timedeltas(timedelta(0), timedelta(days=2)))
def test_nothing_that_is_due_starts_after_the_latest_start(start, term, late):
    rule = Term(Rule.AFTER, *term)
    now = rule.ends_at(start) + late

    assert start <= rule.latest_start(now)


def test_nothing_is_ever_due_where_everything_is_kept():
    assert Term(Rule.KEEP).latest_start(START) is None


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (Term(Rule.KEEP), "when somebody deletes it by hand"),
        (Term(Rule.AT_ONCE), "as soon as it is closed"),
        (Term(Rule.AFTER, 1, Unit.DAYS), "1 day after it is closed"),
        (Term(Rule.AFTER, 3, Unit.MONTHS), "3 months after it is closed"),
        (Term(Rule.AFTER, 90, Unit.MINUTES), "90 minutes after it is closed"),
        (Term(Rule.AFTER, 1, Unit.YEARS), "1 year after it is closed"),
    ],
)
def test_term_in_words(term, words):
    assert term.in_words() == words


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (Clock.CLOSED, "2 weeks after it is closed"),
        (Clock.LAST_MESSAGE, "2 weeks after the last message"),
        (Clock.LAST_ACTIVITY, "2 weeks after the last activity"),
        ("created", "2 weeks after it was begun"),
    ],
)
def test_words_of_a_term_name_its_clock(clock, words):
    assert Term(Rule.AFTER, 2, Unit.WEEKS).in_words(clock) == words


@pytest.mark.parametrize(
    ("term", "code"),
    [
        (Term(Rule.AFTER, 30, Unit.DAYS), "after.30.days"),
        (Term("after", 2, "years"), "after.2.years"),
        (Term(Rule.AT_ONCE), "at_once"),
        (Term(Rule.KEEP), "keep"),
    ],
)
def test_term_is_read_back_from_its_code(term, code):
    assert term.code() == code
    assert Term.from_code(code) == term


@pytest.mark.parametrize(
    "code",
    ["", "after", "after.30", "after.-3.days", "after.3.eons", "keep.3.days", "later", "after.3.days.4"],
)
def test_text_that_is_no_code_is_refused(code):
    with pytest.raises(ValueError, match=r".*"):
        Term.from_code(code)


def test_terms_are_ordered_from_at_once_to_for_ever():
    ordered = [
        Term(Rule.AT_ONCE, 30, Unit.YEARS),
        Term(Rule.AFTER, 1, Unit.MINUTES),
        Term(Rule.AFTER, 23, Unit.HOURS),
        Term(Rule.AFTER, 1, Unit.DAYS),
        Term(Rule.AFTER, 4, Unit.WEEKS),
        Term(Rule.AFTER, 30, Unit.DAYS),
        Term(Rule.AFTER, 1, Unit.MONTHS),
        Term(Rule.AFTER, 13, Unit.MONTHS),
        Term(Rule.AFTER, 2, Unit.YEARS),
        Term(Rule.KEEP),
    ]

    shorter = [[one.is_shorter_than(other) for other in ordered] for one in ordered]

    assert shorter == [[row < column for column in range(10)] for row in range(10)]


def test_equally_long_terms_are_not_shorter_than_each_other():
    year, months = Term(Rule.AFTER, 1, Unit.YEARS), Term(Rule.AFTER, 12, Unit.MONTHS)

    assert not year.is_shorter_than(months)
    assert not months.is_shorter_than(year)
