"""The one form of a plan: what it opens, and how long it keeps each category."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from helpdesk.admin.help_texts import PLAN
from helpdesk.admin.of_category import OfCategory
from helpdesk.admin.retention_form import RULES
from helpdesk.forms.typed import check_once
from helpdesk.services.plan_effects import doomed_by
from helpdesk.text import validate_line
from privacy.models import Plan, PlanTerm
from privacy.models.retention import DECIDED
from privacy.terms import Rule, Term, Unit

CONFIRM_ABOVE = 10  # what an account asks for its own changes, too, unless it decided otherwise


class TermForm(OfCategory):
    """How long a plan keeps one category."""

    rule = forms.ChoiceField(
        label=gettext_lazy("When is it erased?"), choices=RULES, widget=forms.RadioSelect
    )
    amount = forms.IntegerField(label=gettext_lazy("How long"), min_value=1, max_value=1200, required=False)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Unit, required=False)

    def __init__(self, category: str, now: PlanTerm | None, data: Any = None) -> None:
        self.category = category
        self.saved = now.term if now else Term(Rule.KEEP, 1, Unit.YEARS)
        shown = {"rule": self.saved.rule, "amount": self.saved.amount, "unit": self.saved.unit}
        super().__init__(data, prefix=category, initial=shown)
        for name, field in self.fields.items():
            field.help_text = PLAN[name]

    @property
    def in_words(self) -> str:
        """Return the term that is saved, such as *“2 years”*."""
        return (
            self.saved.length_in_words()
            if self.saved.rule == Rule.AFTER
            else str(dict(RULES)[self.saved.rule])
        )

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        if chosen.get("rule") != Rule.AFTER:
            self.errors.pop("amount", None)
        elif not chosen.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("How long? Write a number from 1 to 1200."))
        return chosen

    def term(self) -> Term:
        chosen = self.cleaned_data
        return Term(chosen["rule"], chosen.get("amount") or 1, chosen.get("unit") or Unit.DAYS)


class PlanForm(forms.ModelForm):
    """A plan with a term for every category that is decided."""

    typed_number = forms.IntegerField(
        label=gettext_lazy("Type how many will be erased"),
        min_value=0,
        required=False,
        localize=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )

    class Meta:
        model = Plan
        fields = ["code", "name", "schedules"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = {each.category: each for each in self.instance.terms.all()} if self.instance.pk else {}
        data = self.data if self.is_bound else None
        self.parts = [TermForm(category, now.get(category), data) for category in DECIDED]
        for name, field in self.fields.items():
            field.help_text = PLAN[name]
            field.label = capfirst(field.label)
        check_once(self.fields["name"], validate_line)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for part in self.parts:
            self.errors.update({part.add_prefix(name): errors for name, errors in part.errors.items()})
        if self.instance.pk and not self.errors:
            self._ask()
        return cleaned

    def _ask(self) -> None:
        """Ask for the number of what would go, where that is much."""
        plan = Plan(pk=self.instance.pk, schedules=self.cleaned_data["schedules"])
        doomed = doomed_by(plan=plan, terms=self.terms(), now=timezone.now())
        number = doomed.total()
        if number > CONFIRM_ABOVE and self.cleaned_data.get("typed_number") != number:
            labels = {part.category: part.label for part in self.parts}
            each = ", ".join(f"{labels[category]}: {count}" for category, count in doomed.items())
            words = ngettext(
                "A day after you save, this plan erases %(number)d thing that is there now (%(each)s). "
                "Type %(number)d.",
                "A day after you save, this plan erases %(number)d things that are there now (%(each)s). "
                "Type %(number)d.",
                number,
            )
            self.add_error("typed_number", words % {"number": number, "each": each})

    def terms(self) -> dict[str, Term]:
        return {part.category: part.term() for part in self.parts}
