"""How long something is kept, counted from the moment its clock starts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


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


@dataclass(frozen=True)
class Term:
    """A rule of retention. ``amount`` and ``unit`` count for :attr:`Rule.AFTER` only."""

    rule: Rule | str
    amount: int = 0
    unit: Unit | str = Unit.DAYS

    def ends_at(self, start: datetime | None) -> datetime | None:
        """Return when the data is due, or ``None`` for never or not yet.

        A month later is the same date of that month, or its last day where there is none.
        """
        if start is None or self.rule == Rule.KEEP:
            return None
        return start + self._length()

    def latest_start(self, now: datetime) -> datetime | None:
        """Return a moment such that nothing that started later is due; ``None`` where nothing ever is.

        Around the ends of months it can be late by days: check with :meth:`ends_at`.
        """
        if self.rule == Rule.KEEP:
            return None
        slack = timedelta(days=3) if self.unit == Unit.MONTHS and self.rule == Rule.AFTER else timedelta()
        return now - self._length() + slack

    def _length(self) -> relativedelta:
        return relativedelta(**{str(self.unit): self.amount}) if self.rule == Rule.AFTER else relativedelta()

    def in_words(self) -> str:
        """Return the term as the end of a sentence, such as *“30 days after it is closed”*."""
        if self.rule == Rule.KEEP:
            return str(_("when somebody deletes it by hand"))
        if self.rule == Rule.AT_ONCE:
            return str(_("as soon as it is closed"))
        return {
            Unit.MINUTES: ngettext(
                "%d minute after it is closed", "%d minutes after it is closed", self.amount
            ),
            Unit.HOURS: ngettext("%d hour after it is closed", "%d hours after it is closed", self.amount),
            Unit.DAYS: ngettext("%d day after it is closed", "%d days after it is closed", self.amount),
            Unit.WEEKS: ngettext("%d week after it is closed", "%d weeks after it is closed", self.amount),
            Unit.MONTHS: ngettext("%d month after it is closed", "%d months after it is closed", self.amount),
        }[Unit(self.unit)] % self.amount
