"""Runs come when the clock on the wall says so: none is left out, none comes twice, in any zone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.cadences import Cadence, Every
from tests.privacy.by_hand import DAY, HOUR, MINUTE, ZONES, places, runs_around, shown, telling_changes_of

pytestmark = pytest.mark.once

BERLIN = ZoneInfo("Europe/Berlin")
MOMENT = timedelta.resolution
RHYTHMS = [Every.HOURLY, Every.DAILY, Every.WEEKLY, Every.MONTHLY]

cadences = st.builds(
    Cadence, st.sampled_from(RHYTHMS), st.integers(0, 23), st.integers(0, 6), st.integers(1, 31)
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "zone", "after", "run"),
    [
        (
            Cadence(Every.CONTINUOUS),
            "Europe/Berlin",
            utc(2026, 1, 1, 12, 34, 56),
            utc(2026, 1, 1, 12, 34, 56),
        ),
        (Cadence(Every.HOURLY), "UTC", utc(2026, 1, 1, 12, 0, 1), utc(2026, 1, 1, 13)),
        (Cadence(Every.HOURLY), "Asia/Kolkata", utc(2026, 1, 1, 12), utc(2026, 1, 1, 12, 30)),
        (Cadence(Every.HOURLY), "Asia/Kathmandu", utc(2026, 1, 1, 12), utc(2026, 1, 1, 12, 15)),
        (Cadence(Every.DAILY, 3), "Europe/Berlin", utc(2026, 1, 1, 2), utc(2026, 1, 1, 2)),
        (Cadence(Every.DAILY, 3), "Europe/Berlin", utc(2026, 7, 1, 2), utc(2026, 7, 2, 1)),
        (Cadence(Every.DAILY, 0), "Pacific/Kiritimati", utc(2026, 1, 1, 12), utc(2026, 1, 2, 10)),
        (Cadence(Every.WEEKLY, 3, weekday=6), "UTC", utc(2026, 1, 1), utc(2026, 1, 4, 3)),
        (Cadence("weekly", 23, weekday=0), "America/New_York", utc(2026, 1, 6, 5), utc(2026, 1, 13, 4)),
        (Cadence(Every.MONTHLY, 3, day=31), "UTC", utc(2026, 2, 1), utc(2026, 2, 28, 3)),
        (Cadence(Every.MONTHLY, 3, day=29), "UTC", utc(2028, 2, 1), utc(2028, 2, 29, 3)),
        (Cadence(Every.MONTHLY, 3, day=30), "UTC", utc(2026, 4, 30, 4), utc(2026, 5, 30, 3)),
        (Cadence(Every.MONTHLY, 3, day=1), "UTC", utc(2026, 12, 1, 4), utc(2027, 1, 1, 3)),
    ],
)
def test_run_comes_next(cadence, zone, after, run):
    assert cadence.next_run(after, ZoneInfo(zone)) == run


@pytest.mark.parametrize(
    ("cadence", "zone", "runs"),
    [
        # 02:00 becomes 03:00.
        (
            Cadence(Every.DAILY, 2),
            "Europe/Berlin",
            [utc(2026, 3, 28, 1), utc(2026, 3, 29, 1), utc(2026, 3, 30, 0)],
        ),
        # 03:00 becomes 02:00.
        (
            Cadence(Every.DAILY, 2),
            "Europe/Berlin",
            [utc(2026, 10, 24, 0), utc(2026, 10, 25, 0), utc(2026, 10, 26, 1)],
        ),
        (
            Cadence(Every.HOURLY),
            "Europe/Berlin",
            [utc(2026, 10, 24, 23), utc(2026, 10, 25, 0), utc(2026, 10, 25, 1), utc(2026, 10, 25, 2)],
        ),
        # Midnight becomes 01:00.
        (
            Cadence(Every.DAILY, 0),
            "Africa/Cairo",
            [utc(2026, 4, 22, 22), utc(2026, 4, 23, 22), utc(2026, 4, 24, 21)],
        ),
        # 02:00 becomes 02:30, and 02:00 becomes 01:30.
        (
            Cadence(Every.HOURLY),
            "Australia/Lord_Howe",
            [utc(2026, 10, 3, 14, 30), utc(2026, 10, 3, 15, 30), utc(2026, 10, 3, 16), utc(2026, 10, 3, 17)],
        ),
        (
            Cadence(Every.HOURLY),
            "Australia/Lord_Howe",
            [utc(2026, 4, 4, 13), utc(2026, 4, 4, 14), utc(2026, 4, 4, 15, 30), utc(2026, 4, 4, 16, 30)],
        ),
        # One minute past midnight becomes 23:01 of the day before.
        (
            Cadence(Every.DAILY, 0),
            "America/St_Johns",
            [utc(2010, 11, 6, 2, 30), utc(2010, 11, 7, 2, 30), utc(2010, 11, 8, 3, 30)],
        ),
        # There is no 30 December: its run is at the end of the gap.
        (
            Cadence(Every.WEEKLY, 3, weekday=4),
            "Pacific/Apia",
            [utc(2011, 12, 23, 13), utc(2011, 12, 30, 10), utc(2012, 1, 5, 13)],
        ),
        (
            Cadence(Every.DAILY, 0),
            "Pacific/Apia",
            [utc(2011, 12, 29, 10), utc(2011, 12, 30, 10), utc(2011, 12, 31, 10)],
        ),
        (
            Cadence(Every.MONTHLY, 3, day=31),
            "UTC",
            [utc(2028, 1, 31, 3), utc(2028, 2, 29, 3), utc(2028, 3, 31, 3), utc(2028, 4, 30, 3)],
        ),
    ],
)
def test_runs_where_clocks_are_set_and_months_end(cadence, zone, runs):
    zone = ZoneInfo(zone)

    following = [cadence.next_run(run + MOMENT, zone) for run in runs]
    foregoing = [cadence.last_run(run - MOMENT, zone) for run in runs]

    assert following[:-1] == runs[1:]
    assert foregoing[1:] == runs[:-1]


def test_midnight_that_was_shown_before_the_clock_was_set_back_has_run():
    now, zone = utc(2010, 11, 7, 3), ZoneInfo("America/St_Johns")

    assert shown(now, zone) == datetime(2010, 11, 6, 23, 30)  # noqa: DTZ001
    assert Cadence(Every.DAILY, 0).last_run(now, zone) == utc(2010, 11, 7, 2, 30)


def test_day_that_the_clock_skips_runs_at_the_very_moment_after_it():
    after, zone = utc(2011, 12, 30, 10), ZoneInfo("Pacific/Apia")

    assert shown(after, zone) == datetime(2011, 12, 31)  # noqa: DTZ001
    assert Cadence(Every.WEEKLY, 3, weekday=4).next_run(after, zone) == after


@given(place=places(), cadence=cadences)
def test_runs_are_those_of_somebody_who_watches_the_clock(place, cadence):
    moment, zone = place

    runs = runs_around(cadence, moment, zone)

    assert cadence.last_run(moment, zone) == max(run for run in runs if run <= moment)
    assert cadence.next_run(moment, zone) == min(run for run in runs if run >= moment)


@pytest.mark.parametrize("every", [Every.HOURLY, Every.DAILY])
def test_no_zone_leaves_out_or_doubles_a_run_where_its_clocks_are_set(every):
    """Look at the widest and the last change of every zone; the hour is one that the change touches."""
    for key in ZONES:
        zone = ZoneInfo(key)
        for change in telling_changes_of(key):
            cadence = Cadence(every, shown(change - MINUTE, zone).hour)
            watched = runs_around(cadence, change, zone)[1:-1]

            runs = [cadence.next_run(watched[0], zone)]
            while runs[-1] < watched[-1]:
                runs.append(cadence.next_run(runs[-1] + MOMENT, zone))

            assert runs == watched, (key, change)


@given(place=places(), cadence=cadences, waits=st.lists(st.floats(0, 1, exclude_max=True), max_size=4))
def test_nothing_runs_between_two_runs(place, cadence, waits):
    moment, zone = place
    run = cadence.next_run(moment, zone)
    following = cadence.next_run(run + MOMENT, zone)

    between = [run + MOMENT + wait * (following - run - 2 * MOMENT) for wait in waits]

    assert moment <= run < following
    assert [cadence.last_run(when, zone) for when in [run, *between]] == [run] * (1 + len(waits))
    assert [cadence.next_run(when, zone) for when in [*between, following]] == [following] * (1 + len(waits))
    assert cadence.last_run(following, zone) == following


@given(place=places(), cadence=cadences, later=st.timedeltas(timedelta(0), 40 * DAY))
def test_later_moments_never_have_earlier_runs(place, cadence, later):
    moment, zone = place

    assert cadence.next_run(moment, zone) <= cadence.next_run(moment + later, zone)
    assert cadence.last_run(moment, zone) <= cadence.last_run(moment + later, zone)


LONGEST = {
    Every.HOURLY: 2 * HOUR,
    Every.DAILY: 2 * DAY,
    Every.WEEKLY: 8 * DAY,
    Every.MONTHLY: 32 * DAY,
}


@given(place=places(), cadence=cadences)
def test_run_is_never_further_away_than_its_rhythm_allows(place, cadence):
    moment, zone = place

    assert cadence.next_run(moment, zone) - cadence.last_run(moment, zone) <= LONGEST[cadence.every]


@given(place=places())
def test_continuous_runs_at_any_moment(place):
    moment, zone = place

    assert Cadence(Every.CONTINUOUS).last_run(moment, zone) == moment
    assert Cadence(Every.CONTINUOUS).next_run(moment, zone) == moment


@given(place=places(), cadence=cadences)
def test_runs_are_told_in_utc_however_the_question_is_put(place, cadence):
    moment, zone = place

    runs = [cadence.next_run(moment, zone), cadence.last_run(moment.astimezone(BERLIN), zone)]

    assert [run.tzinfo for run in runs] == [UTC, UTC]
    assert runs == [cadence.next_run(moment.astimezone(BERLIN), zone), cadence.last_run(moment, zone)]


@pytest.mark.parametrize(
    ("cadence", "code", "words"),
    [
        (Cadence(Every.CONTINUOUS), "continuous", "at once"),
        (Cadence(Every.HOURLY), "hourly", "every hour"),
        (Cadence(Every.DAILY, 3), "daily.3", "every day at 03:00"),
        (Cadence("weekly", 3, weekday=6), "weekly.6.3", "every Sunday at 03:00"),
        (Cadence(Every.MONTHLY, 23, day=1), "monthly.1.23", "on day 1 of each month at 23:00"),
        (
            Cadence(Every.MONTHLY, 0, day=29),
            "monthly.29.0",
            "on day 29 of each month, or else its last day, at 00:00",
        ),
    ],
)
def test_cadence_in_code_and_words(cadence, code, words):
    assert cadence.code() == code
    assert cadence.in_words() == words
    assert Cadence.from_code(code) == cadence


@pytest.mark.parametrize(
    "code",
    ["", "yearly", "daily", "daily.24", "daily.-1", "hourly.3", "weekly.7.3", "monthly.0.3", "daily.x"],
)
def test_text_that_is_no_code_is_refused(code):
    with pytest.raises(ValueError, match=r".*"):
        Cadence.from_code(code)


def test_hours_that_pass_count_where_the_clock_shows_one_twice():
    cadence, runs = Cadence(Every.HOURLY), [utc(2026, 10, 24, 20)]
    while len(runs) < 8:
        runs.append(cadence.next_run(runs[-1] + MOMENT, BERLIN))

    assert {later - earlier for earlier, later in pairwise(runs)} == {HOUR}
