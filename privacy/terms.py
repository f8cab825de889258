"""How long something is kept, counted from the moment its clock starts."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Self

from dateutil.relativedelta import relativedelta
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.wall_clock import first_moment, last_moment, latest_wall_time, wall_time


class Rule(TextChoices):
    KEEP = "keep", _("keep until deleted by hand")
    AT_ONCE = "at_once", _("erase at once on close")
    AFTER = "after", _("erase some time after close")


class Unit(TextChoices):
    MINUTES = "minutes", _("minutes")
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")
    WEEKS = "weeks", _("weeks")
    MONTHS = "months", _("months")
    YEARS = "years", _("years")


class Clock(TextChoices):
    """The moment from which a term counts."""

    CLOSED = "closed", _("after it is closed")
    LAST_MESSAGE = "last_message", _("after the last message")
    LAST_ACTIVITY = "last_activity", _("after the last activity")
    CREATED = "created", _("after it was begun")


# A January of a common year: a month is as long as 31 days, and a year as 365.
COMPARED_FROM = datetime(2001, 1, 1, tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_CLOCKS_ARE_SET_BY = timedelta(hours=2)  # at most, today; only some places did more, once


@dataclass(frozen=True)
class Term:
    """A rule of retention. ``amount`` and ``unit`` count for :attr:`Rule.AFTER` only."""

    rule: Rule | str
    amount: int = 0
    unit: Unit | str = Unit.DAYS

    def ends_at(self, start: datetime | None, zone: tzinfo = UTC) -> datetime | None:
        """Return when the data is due, in UTC, or ``None`` for never or not yet.

        Minutes and hours are elapsed time. Days and longer are counted on a clock of ``zone``: the same local
        time, on the same date of a later month or its last day. A time that the clock skips is the end of the
        gap, one that it shows twice the first of the two.
        """
        if start is None or self.rule == Rule.KEEP:
            return None
        if self._is_elapsed_time():
            return start.astimezone(UTC) + self._length()
        return first_moment(wall_time(start, zone) + self._length(), zone)

    def latest_start(self, now: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Return a moment such that nothing that started later is due; ``None`` where nothing ever is.

        Where months end and clocks are set it can be late by days: check with :meth:`ends_at`.
        """
        if self.rule == Rule.KEEP:
            return None
        if self._is_elapsed_time():
            return now.astimezone(UTC) - self._length()
        wall = latest_wall_time(now, zone)
        start = wall - self._length()
        if self.unit in {Unit.MONTHS, Unit.YEARS} and (start.day != wall.day or _ends_month(wall)):
            # Several dates lead to this one, or none does: the month's last moment is after all of them.
            last_day = calendar.monthrange(start.year, start.month)[1]
            start = start.replace(day=last_day, hour=23, minute=59, second=59, microsecond=999999)
        return last_moment(start, zone)

    def is_shorter_than(self, other: "Term") -> bool:
        """Tell whether data goes sooner under this term; *at once* is the shortest, *keep* the longest."""
        mine, theirs = (term.ends_at(COMPARED_FROM) or _NEVER for term in (self, other))
        return mine < theirs

    def may_end_before(self, other: "Term") -> bool:
        """Tell whether something can go sooner under this term, whenever and wherever it begins.

        Thirty days and a month are each the shorter one at times, and so are a day and 24 hours.
        """
        if Rule.KEEP in {self.rule, other.rule}:
            return self.rule != other.rule and other.rule == Rule.KEEP
        (least, _most), (_least, most) = self._bounds(), other._bounds()
        if self._counted_in() == other._counted_in():
            return least < _least
        one_is_elapsed = self._is_elapsed_time() or other._is_elapsed_time()
        return least < most + (_CLOCKS_ARE_SET_BY if one_is_elapsed else timedelta())

    def _bounds(self) -> tuple[timedelta, timedelta]:
        """Return the shortest and the longest that this can be, on a clock that nobody sets."""
        length = self._length()
        if isinstance(length, relativedelta):
            return _months(length.years * 12 + length.months)
        return length, length

    def _counted_in(self) -> str:
        """Return by what it is counted: what is counted alike can be compared exactly."""
        if self._is_elapsed_time():
            return "elapsed"
        return "months" if self.unit in {Unit.MONTHS, Unit.YEARS} else "days"

    def _is_elapsed_time(self) -> bool:
        return self.rule == Rule.AT_ONCE or self.unit in {Unit.MINUTES, Unit.HOURS}

    def _length(self) -> timedelta | relativedelta:
        if self.rule != Rule.AFTER:
            return timedelta()
        if self.unit in {Unit.MONTHS, Unit.YEARS}:
            return relativedelta(**{str(self.unit): self.amount})
        return timedelta(**{str(self.unit): self.amount})

    def code(self) -> str:
        """Return the term as the ledger writes it, such as ``after.30.days``, ``at_once`` or ``keep``."""
        return f"{self.rule}.{self.amount}.{self.unit}" if self.rule == Rule.AFTER else str(self.rule)

    @classmethod
    def from_code(cls, code: str) -> Self:
        """Return the term that has this code. Raises ``ValueError`` where none has."""
        match code.split("."):
            case [Rule.AFTER, amount, unit] if amount.isdecimal():
                return cls(Rule.AFTER, int(amount), Unit(unit))
            case [Rule.KEEP | Rule.AT_ONCE as rule]:
                return cls(Rule(rule))
        raise ValueError(code)

    def in_words(self, clock: Clock | str = Clock.CLOSED) -> str:
        """Return the term as the end of a sentence, such as *“30 days after it is closed”*."""
        if self.rule == Rule.KEEP:
            return str(_("when somebody deletes it by hand"))
        if self.rule == Rule.AT_ONCE:
            return str(_("as soon as it is closed"))
        # Translators: "30 days" and "after it is closed".
        words = {"length": self.length_in_words(), "after": Clock(clock).label}
        return str(_("%(length)s %(after)s")) % words

    def length_in_words(self) -> str:
        """Return how long the term of :attr:`Rule.AFTER` is, such as *“30 days”*."""
        return {
            Unit.MINUTES: ngettext("%d minute", "%d minutes", self.amount),
            Unit.HOURS: ngettext("%d hour", "%d hours", self.amount),
            Unit.DAYS: ngettext("%d day", "%d days", self.amount),
            Unit.WEEKS: ngettext("%d week", "%d weeks", self.amount),
            Unit.MONTHS: ngettext("%d month", "%d months", self.amount),
            Unit.YEARS: ngettext("%d year", "%d years", self.amount),
        }[Unit(self.unit)] % self.amount


@cache
def _months(number: int) -> tuple[timedelta, timedelta]:
    """Return the shortest and the longest that so many months can be."""
    starts = [datetime(2001 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(96)]
    lengths = [start + relativedelta(months=number) - start for start in starts]
    return min(lengths), max(lengths)


def _ends_month(day: datetime) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]
