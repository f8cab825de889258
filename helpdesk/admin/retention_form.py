"""How an account keeps one category: the controls of its row, and the decision that they make."""

from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.admin.help_texts import RETENTION
from helpdesk.admin.minimum_form import MinimumForm
from helpdesk.admin.of_category import OfCategory
from helpdesk.admin.plan_limits import Limits
from helpdesk.admin.retention_values import ARCHIVE, LONGER_UNITS, controls_of, counts_not, decision_from
from helpdesk.models import Account
from helpdesk.services.entitlement import refuse_beyond_plan
from helpdesk.technical import is_stored
from privacy.cadences import Every
from privacy.declarations import clocks_in, rows_in, units_in
from privacy.models import AtEnd, RetentionPolicy
from privacy.services.rules.decisions import Decision
from privacy.services.rules.policies import CONTINUOUS, Policy
from privacy.terms import Clock, Rule, Unit

RULES = [
    (Rule.AT_ONCE, gettext_lazy("At once")),
    (Rule.AFTER, gettext_lazy("After some time")),
    (Rule.KEEP, gettext_lazy("Only when somebody deletes it by hand")),
]
RUNS = [
    (Every.CONTINUOUS, gettext_lazy("as soon as the time is over")),
    *((every, every.label) for every in Every if every != Every.CONTINUOUS),
]
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class ChoicesWithReason(forms.RadioSelect):
    """Radio buttons of which some can't be chosen; the reason stands beside the group."""

    barred: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.barred:
            option["attrs"]["disabled"] = True
        return option


class CategoryForm(OfCategory):
    """One category: rule, clock, cadence, what happens at the end, archive; only what it can have."""

    minimum: MinimumForm  # beside it on the page

    rule = forms.ChoiceField(
        label=gettext_lazy("When is it erased?"), choices=RULES, widget=ChoicesWithReason, required=False
    )
    amount = forms.IntegerField(label=gettext_lazy("How long"), min_value=1, max_value=1200, required=False)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Unit, required=False)
    clock = forms.ChoiceField(label=gettext_lazy("Counted from"), required=False)
    every = forms.ChoiceField(label=gettext_lazy("When does the run come?"), choices=RUNS, required=False)
    day = forms.IntegerField(
        label=gettext_lazy("Day of the month"), min_value=1, max_value=31, required=False
    )
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"), choices=list(WEEKDAYS.items()), coerce=int, required=False
    )
    hour = forms.TypedChoiceField(label=gettext_lazy("Hour"), choices=HOURS, coerce=int, required=False)
    archive_amount = forms.IntegerField(
        label=gettext_lazy("Then in the archive for"), min_value=1, max_value=1200, required=False
    )
    archive_unit = forms.ChoiceField(
        label=gettext_lazy("Unit of the archive"), choices=LONGER_UNITS, required=False
    )
    at_end = forms.ChoiceField(
        label=gettext_lazy("At the end"), choices=AtEnd, widget=forms.RadioSelect, required=False
    )

    def __init__(
        self,
        account: Account,
        in_force: Policy,
        decided: RetentionPolicy | None,
        limits: Limits,
        data: Any = None,
        start_from: Decision | None = None,
    ) -> None:
        self.account, self.in_force, self.decided, self.limits = account, in_force, decided, limits
        self.category = in_force.category
        self.units = [*units_in(self.category), *rows_in(self.category)]
        self.clocks = clocks_in(self.category)
        self.current = self._within_plan(self._decided_or_in_force())
        super().__init__(data, prefix=self.category, initial=controls_of(start_from or self.current))
        self._leave_out()
        self._say_what_is_barred()
        for name, field in self.fields.items():
            field.help_text = RETENTION[name]

    @property
    def is_stored(self) -> bool:
        return is_stored(self.category, self.account)

    @property
    def longest_in_words(self) -> str:
        """Return the limit of the plan as a sentence; empty where there is none."""
        longest = self.limits.longest(self.category)
        if longest is None:
            return ""
        return _("With the plan %(plan)s it is kept for %(longest)s at most; shorter is always yours.") % {
            "plan": self.limits.plan.name,
            "longest": longest.length_in_words() if longest.rule == Rule.AFTER else _("no time"),
        }

    @cached_property
    def decision(self) -> Decision | None:
        """What was chosen; ``None`` as long as something is missing or wrong."""
        if not self.is_bound:
            return decision_from(self.initial, self.current)
        return decision_from(self.cleaned_data, self.current) if self.is_valid() else None

    @property
    def is_changed(self) -> bool:
        return self.decision is not None and self.decision.as_json() != self.current.as_json()

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        # A browser posts no button that can't be pressed, such as the rule of a plan that was left.
        chosen["rule"] = chosen.get("rule") or str(self.current.term.rule)
        for name in counts_not(chosen):
            self.errors.pop(name, None)
        lacks_amount = chosen.get("rule") == Rule.AFTER and not chosen.get("amount")
        if lacks_amount and "amount" not in self.errors:
            self.add_error("amount", _("How long? Write a number from 1 to 1200."))
        if not self.errors:
            self._refuse_beyond_plan(decision_from(chosen, self.current))
        return chosen

    def _decided_or_in_force(self) -> Decision:
        usual = next(iter(self.clocks), Clock.CLOSED)
        if self.decided is None:
            return Decision(self.in_force.term, usual)
        decision = Decision.of(self.decided)
        return decision if decision.clock in self.clocks else replace(decision, clock=usual)

    def _within_plan(self, decision: Decision) -> Decision:
        """Return what is obeyed of a decision: no row shows what its plan doesn't allow."""
        if self.limits.plan.schedules:
            return decision
        longest = self.limits.longest(self.category)
        limited = longest is not None and longest.is_shorter_than(decision.term)
        term = longest if limited and longest else decision.term
        return replace(decision, term=term, cadence=CONTINUOUS, archive=None)

    def _leave_out(self) -> None:
        """Take away what this category can't have."""
        self.fields["clock"].choices = [(clock, Clock(clock).label) for clock in self.clocks]
        if len(self.clocks) < 2:
            del self.fields["clock"]
        if not any(unit.skeleton for unit in self.units):
            del self.fields["at_end"]
        if not any(unit.archive for unit in self.units):
            del self.fields["archive_amount"], self.fields["archive_unit"]

    def _say_what_is_barred(self) -> None:
        if self.limits.plan.schedules:
            return
        for name in ({"every"} | ARCHIVE) & self.fields.keys():
            self.fields[name].widget.attrs["disabled"] = True
        if self.limits.longest(self.category):
            self.fields["rule"].widget.barred = frozenset({Rule.KEEP.value})

    def _refuse_beyond_plan(self, decision: Decision) -> None:
        term = "amount" if decision.term.rule == Rule.AFTER else "rule"
        parts = {
            term: replace(decision, cadence=CONTINUOUS, archive=None),
            "every": replace(self.current, cadence=decision.cadence),
            "archive_amount": replace(self.current, archive=decision.archive),
        }
        if decision.as_json() == self.current.as_json():
            return
        for name, part in parts.items():
            try:
                if name == term or part != self.current:
                    refuse_beyond_plan(account=self.account, category=self.category, decision=part)
            except ValidationError as refused:
                self.add_error(name, refused)
