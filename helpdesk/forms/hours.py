"""The opening hours of a week: two stretches a day, so that there may be a break."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.models import BusinessHours
from helpdesk.models.hours import MIDNIGHT
from helpdesk.services.teams import Stretch

DAYS = BusinessHours.Weekday.choices
A_DAY = 2


class TimeInput(forms.TimeInput):
    input_type = "time"


class DayForm(forms.Form):
    """One weekday. What it says of a stretch is beside its end."""

    def __init__(self, *args: Any, weekday: int, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"day{weekday}", auto_id="id_%s", **kwargs)
        self.weekday, self.label = weekday, BusinessHours.Weekday(weekday).label
        for number in range(A_DAY):
            for end, label in (("opens", _("from")), ("closes", _("to"))):
                widget = TimeInput(format="%H:%M")
                self.fields[f"{end}{number}"] = forms.TimeField(required=False, label=label, widget=widget)

    def clean(self) -> None:
        before = None
        for number in range(A_DAY):
            opens, closes = (self.cleaned_data.get(f"{end}{number}") for end in ("opens", "closes"))
            if self.errors or (opens is None and closes is None):
                continue
            if opens is None or closes is None:
                self.add_error(f"{'opens' if opens is None else 'closes'}{number}", _("Say both, or none."))
            elif closes <= opens and closes != MIDNIGHT:
                self.add_error(f"closes{number}", _("It ends before it begins. The end of the day is 00:00."))
            elif before and (before == MIDNIGHT or opens < before):
                self.add_error(f"opens{number}", _("It begins before the other one has ended."))
            else:
                before = closes

    @property
    def stretches(self) -> list[Stretch]:
        given = [[self.cleaned_data.get(f"{end}{n}") for end in ("opens", "closes")] for n in range(A_DAY)]
        return [Stretch(self.weekday, opens, closes) for opens, closes in given if opens is not None]


def week_forms(kept: Iterable[BusinessHours], data: Any = None) -> list[DayForm]:
    """Return a form for each day, filled with the hours that are kept."""
    rows = list(kept)
    forms_of_days = []
    for weekday, _label in DAYS:
        of_day = [row for row in rows if row.weekday == weekday][:A_DAY]
        initial: dict[str, Any] = {}
        for number, row in enumerate(of_day):
            initial |= {f"opens{number}": row.opens, f"closes{number}": row.closes}
        forms_of_days.append(DayForm(data, weekday=weekday, initial=initial))
    return forms_of_days
