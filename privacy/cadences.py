"""When something that repeats runs: at once, or by the hour, day, week or month of a clock on the wall."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self

from django.db.models import TextChoices
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.wall_clock import first_moment, offset_change, wall_time


class Every(TextChoices):
    CONTINUOUS = "continuous", gettext_lazy("at once")
    HOURLY = "hourly", gettext_lazy("every hour")
    DAILY = "daily", gettext_lazy("every day")
    WEEKLY = "weekly", gettext_lazy("every week")
    MONTHLY = "monthly", gettext_lazy("every month")


# What each of them counts by, in the order of its code.
_PARTS = {
    Every.CONTINUOUS: (),
    Every.HOURLY: (),
    Every.DAILY: ("hour",),
    Every.WEEKLY: ("weekday", "hour"),
    Every.MONTHLY: ("day", "hour"),
}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Cadence:
    """A rhythm of runs: ``hour`` 0-23 and ``weekday`` (Monday is 0) by the local clock, ``day`` 1-31.

    A month that lacks the day runs on its last one. An hour that the clock skips runs at the end of the gap,
    one that it shows twice runs the first time: no run is left out and none comes twice. Every hour that
    passes counts for :attr:`Every.HOURLY`. Raises ``ValueError`` for what no clock or calendar shows.
    """

    every: Every | str
    hour: int = 3
    weekday: int = 6
    day: int = 1

    def __post_init__(self) -> None:
        Every(self.every)
        if not (0 <= self.hour <= 23 and 0 <= self.weekday <= 6 and 1 <= self.day <= 31):
            raise ValueError(self)

    def last_run(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the newest run at or before ``now``, in UTC."""
        if self.every == Every.CONTINUOUS:
            return now.astimezone(UTC)
        if self.every == Every.HOURLY:
            return _last_full_hour(now.astimezone(UTC), zone)
        # Clocks are set by a day at most, so that a run of tomorrow's date may lie behind us already.
        day = wall_time(now, zone).date() + _DAY
        while not (self._falls_on(day) and self._run_of(day, zone) <= now):
            day -= _DAY
        return self._run_of(day, zone)

    def next_run(self, after: datetime, zone: tzinfo) -> datetime:
        """Return the first run at or after ``after``, in UTC."""
        if self.every == Every.CONTINUOUS:
            return after.astimezone(UTC)
        if self.every == Every.HOURLY:
            return _next_full_hour(after.astimezone(UTC), zone)
        # The run of a day that the clock skips lies on the next one.
        day = wall_time(after, zone).date() - _DAY
        while not (self._falls_on(day) and self._run_of(day, zone) >= after):
            day += _DAY
        return self._run_of(day, zone)

    def _falls_on(self, day: date) -> bool:
        if self.every == Every.WEEKLY:
            return day.weekday() == self.weekday
        if self.every == Every.MONTHLY:
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        return True

    def _run_of(self, day: date, zone: tzinfo) -> datetime:
        return first_moment(datetime.combine(day, time(self.hour)), zone)

    def code(self) -> str:
        """Return the cadence as the ledger writes it, such as ``weekly.6.3``: weekday or day, then hour."""
        return ".".join([str(self.every), *(str(getattr(self, part)) for part in _PARTS[Every(self.every)])])

    @classmethod
    def from_code(cls, code: str) -> Self:
        """Return the cadence that has this code. Raises ``ValueError`` where none has."""
        every, *numbers = code.split(".")
        parts = zip(_PARTS[Every(every)], map(int, numbers), strict=True)
        return cls(Every(every), **dict(parts))

    def in_words(self) -> str:
        """Return the cadence as the end of a sentence, such as *“every Sunday at 03:00”*."""
        words = {"time": f"{self.hour:02}:00", "weekday": WEEKDAYS[self.weekday], "day": self.day}
        if self.every == Every.DAILY:
            return _("every day at %(time)s") % words
        if self.every == Every.WEEKLY:
            return _("every %(weekday)s at %(time)s") % words
        if self.every == Every.MONTHLY and self.day > 28:
            return _("on day %(day)s of each month, or else its last day, at %(time)s") % words
        if self.every == Every.MONTHLY:
            return _("on day %(day)s of each month at %(time)s") % words
        return str(Every(self.every).label)


def _last_full_hour(now: datetime, zone: tzinfo) -> datetime:
    """Return when the clock last showed a full hour, or was set past one."""
    hour = now - _since_full_hour(now, zone)
    if _offset(hour, zone) == _offset(now, zone):
        return hour
    change = offset_change(hour, now, zone)
    before = wall_time(change, zone) - (_offset(now, zone) - _offset(hour, zone))
    if before <= wall_time(change, zone) - _since_full_hour(change, zone):
        return change
    return _last_full_hour(change - timedelta.resolution, zone)


def _next_full_hour(after: datetime, zone: tzinfo) -> datetime:
    if _last_full_hour(after, zone) == after:
        return after
    hour = after - _since_full_hour(after, zone) + _HOUR
    if _offset(hour, zone) == _offset(after, zone):
        return hour
    return _next_full_hour(offset_change(after, hour, zone), zone)


def _since_full_hour(moment: datetime, zone: tzinfo) -> timedelta:
    shown = wall_time(moment, zone)
    return shown - shown.replace(minute=0, second=0, microsecond=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
