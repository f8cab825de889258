"""How long an account means to keep one category at least: the controls, and the minimum that they make."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.admin.help_texts import RETENTION
from helpdesk.admin.of_category import OfCategory
from helpdesk.admin.retention_values import LONGER_UNITS
from helpdesk.forms.typed import LineField
from privacy.minimum_terms import MinimumTerm
from privacy.terms import Rule, Term, Unit


class MinimumForm(OfCategory):
    """At least so long, and why; empty for no minimum. What isn't posted stays as it is."""

    minimum_amount = forms.IntegerField(
        label=gettext_lazy("At least"), min_value=1, max_value=1200, required=False
    )
    minimum_unit = forms.ChoiceField(
        label=gettext_lazy("Unit of the minimum"), choices=LONGER_UNITS, required=False
    )
    minimum_reason = LineField(
        label=gettext_lazy("Why at least so long, and by which law"), max_length=200, required=False
    )

    def __init__(self, category: str, current: MinimumTerm | None, data: Any = None) -> None:
        self.category, self.current = category, current
        posted = data is not None and any(f"{category}_{name}" in data for name in self.base_fields)
        initial = {
            "minimum_amount": current.term.amount if current else None,
            "minimum_unit": current.term.unit if current else Unit.YEARS,
            "minimum_reason": str(current.source) if current else "",
        }
        super().__init__(data if posted else None, prefix=category, initial=initial)
        for name, field in self.fields.items():
            field.help_text = RETENTION[name]

    @property
    def minimum(self) -> MinimumTerm | None:
        """What was chosen; as it is as long as something is missing or wrong."""
        if not self.is_bound or not self.is_valid():
            return self.current
        chosen = self.cleaned_data
        if not chosen["minimum_amount"]:
            return None
        term = Term(Rule.AFTER, chosen["minimum_amount"], chosen["minimum_unit"] or Unit.YEARS)
        return MinimumTerm(self.category, term, chosen["minimum_reason"])

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        if chosen.get("minimum_amount") and not chosen.get("minimum_reason") and not self.errors:
            self.add_error("minimum_reason", _("Say why, such as “invoices, § 147 AO”."))
        if chosen.get("minimum_reason") and not chosen.get("minimum_amount") and not self.errors:
            self.add_error("minimum_amount", _("How long at least? Or leave the reason empty too."))
        return chosen
