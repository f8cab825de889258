"""Clocks and calendars counted minute by minute, to compare with what counts quickly."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from privacy.cadences import Cadence, Every

ZONES = sorted(available_timezones())
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

zones = st.sampled_from(ZONES).map(ZoneInfo)


@st.composite
def places(draw) -> tuple[datetime, ZoneInfo]:
    """Draw a moment and a zone: half of the moments near one at which the zone's clocks are set."""
    zone = draw(zones)
    changes = changes_of(zone.key)
    if changes and draw(st.booleans()):
        near = st.timedeltas(-2 * DAY, 2 * DAY) | st.timedeltas(-HOUR, HOUR)
        return draw(st.sampled_from(changes)) + draw(near), zone
    return draw(st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None))).replace(tzinfo=UTC), zone


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@cache
def changes_of(key: str) -> list[datetime]:
    """Return the minutes, 2000 to 2040, from which the zone's clocks show another time of day than before."""
    zone, changes = ZoneInfo(key), []
    before = FIRST
    while before < LAST:
        week, offset = before + 7 * DAY, before.astimezone(zone).utcoffset()
        if week.astimezone(zone).utcoffset() != offset:
            for step in (DAY, HOUR, MINUTE):
                while (before + step).astimezone(zone).utcoffset() == offset:
                    before += step
            changes.append(before + MINUTE)
        before = week
    return changes


def telling_changes_of(key: str) -> set[datetime]:
    """Return the widest and the last change of a zone, where it has any."""
    zone, changes = ZoneInfo(key), changes_of(key)

    def width(change: datetime) -> timedelta:
        return abs(shown(change, zone) - shown(change - MINUTE, zone) - MINUTE)

    return {max(changes, key=width), changes[-1]} if changes else set()


def first_shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """Wait in front of the clock until it shows this time, or a later one."""
    minute, seconds = wall.replace(second=0, microsecond=0), wall - wall.replace(second=0, microsecond=0)
    moment = minute.replace(tzinfo=UTC) - 15 * HOUR
    while shown(moment, zone) < minute:
        moment += MINUTE
    return moment + seconds if shown(moment, zone) == minute else moment


def runs_around(cadence: Cadence, moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return all runs of some time before and after a moment, in order."""
    if cadence.every == Every.HOURLY:
        return list(_hours_around(moment, zone))
    days = {Every.DAILY: 4, Every.WEEKLY: 16, Every.MONTHLY: 64}[Every(cadence.every)]
    today = shown(moment, zone).date()
    dates = [today + DAY * number for number in range(-days, days)]
    hour = time(cadence.hour)
    return sorted({first_shown(datetime.combine(day, hour), zone) for day in dates if _is_due(cadence, day)})


def _is_due(cadence: Cadence, day: date) -> bool:
    if cadence.every == Every.DAILY:
        return True
    if cadence.every == Every.WEEKLY:
        return day.isoweekday() == cadence.weekday + 1
    ends = (day + DAY).month != day.month
    return day.day == cadence.day or (ends and day.day < cadence.day)


def _hours_around(moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Watch the clock for some hours: it shows a full hour, or is set past one."""
    minute = moment.replace(second=0, microsecond=0) - 3 * HOUR
    for _minute in range(360):
        before, now = shown(minute - MINUTE, zone), shown(minute, zone)
        if now.minute == 0 or (now > before and now.hour != before.hour):
            yield minute
        minute += MINUTE
