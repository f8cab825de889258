"""Terms end on the right day, in every month and year."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.terms import Rule, Term, Unit

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
        (Term(Rule.AT_ONCE, 30, Unit.DAYS), START, START),
        (Term(Rule.KEEP, 30, Unit.DAYS), START, None),
        (Term(Rule.AFTER, 30, Unit.DAYS), None, None),
        (Term("after", 3, "days"), START, START + timedelta(days=3)),
    ],
)
def test_term_ends(term, start, end):
    assert term.ends_at(start) == end


def reference(start: datetime, amount: int, unit: str) -> datetime:
    """Count by hand: seconds for the fixed units, the calendar for months."""
    seconds = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 7 * 86400}
    if unit in seconds:
        return start + timedelta(seconds=amount * seconds[unit])
    months = start.year * 12 + start.month - 1 + amount
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
    ],
)
def test_term_in_words(term, words):
    assert term.in_words() == words
