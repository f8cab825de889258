"""Terms end on the right day, in every month and year."""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.terms import Clock, Rule, Term, Unit
from tests.privacy.by_hand import DAY, MINUTE, ZONES, first_shown, places, shown, telling_changes_of

pytestmark = pytest.mark.once


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


START = utc(2026, 1, 31, 12, 30, 15)


@pytest.mark.parametrize(
    ("term", "start", "end"),
    [
        (Term(Rule.AFTER, 1, Unit.MINUTES), START, utc(2026, 1, 31, 12, 31, 15)),
        (Term(Rule.AFTER, 36, Unit.HOURS), START, utc(2026, 2, 2, 0, 30, 15)),
        (Term(Rule.AFTER, 30, Unit.DAYS), START, utc(2026, 3, 2, 12, 30, 15)),
        (Term(Rule.AFTER, 2, Unit.WEEKS), START, utc(2026, 2, 14, 12, 30, 15)),
        (Term(Rule.AFTER, 1, Unit.MONTHS), START, utc(2026, 2, 28, 12, 30, 15)),
        (Term(Rule.AFTER, 25, Unit.MONTHS), START, utc(2028, 2, 29, 12, 30, 15)),
        (
            Term(Rule.AFTER, 12, Unit.MONTHS),
            utc(2024, 2, 29),
            utc(2025, 2, 28),
        ),
        (
            Term(Rule.AFTER, 1, Unit.MONTHS),
            utc(2026, 2, 28),
            utc(2026, 3, 28),
        ),
        (
            Term(Rule.AFTER, 1, Unit.YEARS),
            utc(2024, 2, 29),
            utc(2025, 2, 28),
        ),
        (
            Term(Rule.AFTER, 4, Unit.YEARS),
            utc(2024, 2, 29),
            utc(2028, 2, 29),
        ),
        (Term(Rule.AT_ONCE, 30, Unit.DAYS), START, START),
        (Term(Rule.KEEP, 30, Unit.DAYS), START, None),
        (Term(Rule.AFTER, 30, Unit.DAYS), None, None),
        (Term("after", 3, "days"), START, START + timedelta(days=3)),
    ],
)
def test_term_ends(term, start, end):
    assert term.ends_at(start) == end


@pytest.mark.parametrize(
    ("term", "zone", "start", "end"),
    [
        # Noon stays noon, and a day that has 23 hours or 25 is a day.
        (Term(Rule.AFTER, 1, Unit.DAYS), "Europe/Berlin", utc(2026, 3, 28, 11), utc(2026, 3, 29, 10)),
        (Term(Rule.AFTER, 1, Unit.DAYS), "Europe/Berlin", utc(2026, 10, 24, 10), utc(2026, 10, 25, 11)),
        (Term(Rule.AFTER, 24, Unit.HOURS), "Europe/Berlin", utc(2026, 3, 28, 11), utc(2026, 3, 29, 11)),
        # 02:30 does not exist, and then it comes twice.
        (Term(Rule.AFTER, 1, Unit.WEEKS), "Europe/Berlin", utc(2026, 3, 22, 1, 30), utc(2026, 3, 29, 1)),
        (
            Term(Rule.AFTER, 1, Unit.WEEKS),
            "Europe/Berlin",
            utc(2026, 10, 18, 0, 30),
            utc(2026, 10, 25, 0, 30),
        ),
        # The local date counts: in Auckland it is the 31st already.
        (Term(Rule.AFTER, 1, Unit.MONTHS), "Pacific/Auckland", utc(2026, 1, 30, 12), utc(2026, 2, 27, 12)),
        (Term(Rule.AFTER, 1, Unit.YEARS), "Pacific/Auckland", utc(2024, 2, 28, 12), utc(2025, 2, 27, 12)),
        # There is no 30 December.
        (Term(Rule.AFTER, 1, Unit.DAYS), "Pacific/Apia", utc(2011, 12, 30, 1), utc(2011, 12, 30, 10)),
        (Term(Rule.AFTER, 2, Unit.DAYS), "Pacific/Apia", utc(2011, 12, 30, 1), utc(2011, 12, 31, 1)),
    ],
)
def test_term_ends_by_the_clock_on_the_wall(term, zone, start, end):
    assert term.ends_at(start, ZoneInfo(zone)) == end


def counted(start: datetime, amount: int, unit: str, zone: ZoneInfo) -> datetime:
    """Count by hand: seconds, or else days and months of the calendar, and then wait for the clock."""
    if unit in {"minutes", "hours"}:
        return start + timedelta(seconds=amount * {"minutes": 60, "hours": 3600}[unit])
    wall = shown(start, zone)
    if unit in {"days", "weeks"}:
        day = date.fromordinal(wall.toordinal() + amount * {"days": 1, "weeks": 7}[unit])
    else:
        months = wall.year * 12 + wall.month - 1 + amount * {"months": 1, "years": 12}[unit]
        year, month = divmod(months, 12)
        day = date(year, month + 1, min(wall.day, calendar.monthrange(year, month + 1)[1]))
    return first_shown(datetime.combine(day, wall.time()), zone)


# Up to forty years or so, and most of them short, so that the end is often near a change of the clocks too.
terms = st.builds(
    Term, st.just(Rule.AFTER), st.integers(1, 40), st.sampled_from([unit.value for unit in Unit])
) | st.builds(Term, st.just(Rule.AFTER), st.integers(1, 1200), st.sampled_from(["hours", "days", "months"]))


@given(place=places(), term=terms)
def test_term_ends_where_counting_by_hand_ends(place, term):
    start, zone = place

    assert term.ends_at(start, zone) == counted(start, term.amount, term.unit, zone)


def test_term_that_ends_where_clocks_are_set_ends_where_counting_by_hand_ends():
    """Aim, in every zone, at a quarter of an hour after a change: at what is skipped or shown twice."""
    for key in ZONES:
        zone = ZoneInfo(key)
        for change in telling_changes_of(key):
            aim = shown(change - MINUTE, zone) + 16 * MINUTE
            start = first_shown(aim - 5 * DAY, zone)

            end = Term(Rule.AFTER, 5, Unit.DAYS).ends_at(start, zone)

            assert end == counted(start, 5, Unit.DAYS, zone), (key, change)


@given(place=places(), term=terms, late=st.timedeltas(timedelta(0), timedelta(days=2)))
def test_nothing_that_is_due_starts_after_the_latest_start(place, term, late):
    start, zone = place
    now = term.ends_at(start, zone) + late

    assert start <= term.latest_start(now, zone)


@given(place=places(), term=terms, later=st.timedeltas(timedelta.resolution, timedelta(days=40)))
def test_nothing_that_starts_after_the_latest_start_is_due(place, term, later):
    now, zone = place

    assert term.ends_at(term.latest_start(now, zone) + later, zone) > now


@pytest.mark.parametrize(
    ("now", "start"),
    [
        # All dates of a short month lead to a date before this one, whatever the hour.
        (utc(2026, 3, 30, 12), utc(2026, 2, 28, 23)),
        # Three dates lead to this one.
        (utc(2026, 2, 28, 12), utc(2026, 1, 31, 12)),
    ],
)
def test_latest_start_is_no_earlier_than_what_is_due_where_months_end(now, start):
    term = Term(Rule.AFTER, 1, Unit.MONTHS)

    assert term.ends_at(start) <= now
    assert start <= term.latest_start(now)


@given(place=places(), term=terms)
def test_latest_start_is_late_by_few_days(place, term):
    now, zone = place

    assert term.ends_at(term.latest_start(now, zone) - timedelta(days=4), zone) <= now


@given(place=places(), amount=st.integers(1, 1200), unit=st.sampled_from([Unit.DAYS, Unit.WEEKS]))
def test_latest_start_of_days_in_utc_is_exact(place, amount, unit):
    now, _zone = place
    term = Term(Rule.AFTER, amount, unit)

    assert term.ends_at(term.latest_start(now)) == now


@given(place=places(), term=terms)
def test_term_does_not_end_before_it_starts(place, term):
    start, zone = place

    assert term.ends_at(start, zone) > start


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
