"""The one form of a plan: what it opens, and how long it keeps each category."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.admin.help_texts import PLAN
from helpdesk.admin.of_category import OfCategory
from helpdesk.admin.retention_form import RULES
from helpdesk.forms.typed import check_once
from helpdesk.text import validate_line
from privacy.models import Plan, PlanTerm
from privacy.models.retention import DECIDED
from privacy.terms import Rule, Term, Unit


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
        return cleaned

    def terms(self) -> dict[str, Term]:
        return {part.category: part.term() for part in self.parts}
