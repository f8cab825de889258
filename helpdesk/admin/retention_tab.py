"""All of an account's retention on one page: its categories, and what a change asks for before it counts."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from helpdesk.admin.closing import closed_by_limits
from helpdesk.admin.help_texts import RETENTION
from helpdesk.admin.minimum_form import MinimumForm
from helpdesk.admin.plan_limits import Limits
from helpdesk.admin.retention_form import CategoryForm
from helpdesk.forms.typed import LineField
from helpdesk.models import Account
from helpdesk.services.minimums import Minimums, asks_why, changed_minimums, short_of
from helpdesk.services.silence import erased_by
from privacy.minimum_terms import MinimumTerm
from privacy.models import Plan
from privacy.presets import Preset
from privacy.services.rules.along import all_in
from privacy.services.rules.cooling import may_go_sooner
from privacy.services.rules.decisions import Decision, proposed
from privacy.services.rules.minimums import minimums_of
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.policy import Policy
from privacy.services.rules.rehearsal import Rehearsal, over_in, rehearse
from privacy.services.rules.waits import foreseen


class ChangeForm(forms.Form):
    """What a change of the rules asks for: why, whether it waits, and the number of what would go."""

    reason = LineField(label=gettext_lazy("Why these rules change"), max_length=500, required=False)
    skip_cooling = forms.BooleanField(
        label=gettext_lazy("Don't wait 24 hours before the first run"), required=False
    )
    typed_number = forms.IntegerField(
        label=gettext_lazy("Type how many will be erased"), min_value=0, required=False, localize=False
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["typed_number"].widget = forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
        for name, field in self.fields.items():
            field.help_text = RETENTION[name]


class RetentionTab:
    """The rows of the tab, and the form of the change; ``data`` as posted, or a preset to start from.

    ``asks`` is false where the rules are only rehearsed: then nobody has to give reasons or numbers yet.
    """

    def __init__(
        self,
        account: Account,
        data: Any = None,
        preset: Preset | None = None,
        *,
        asks: bool = True,
        plan: Plan | None = None,
    ) -> None:
        """``plan`` is another one that an operator chose on the same page and hasn't saved yet."""
        self.account, self.preset, self.asks = account, preset, asks
        self.now = timezone.now()
        self.plan = plan if plan and plan != account.plan else None
        self.planned = (
            {rule.category: rule for rule in foreseen(account.pk, plan=self.plan, now=self.now)}
            if self.plan
            else {}
        )
        self.closing = closed_by_limits(account, data, self.now)
        self.confirm_above = account.confirm_above  # as saved: nobody raises it to get around it
        limits = Limits.of(account)
        decided = {row.category: row for row in account.retention_policies.all()}
        rules = preset.rules if preset else {}
        self.rows = [
            CategoryForm(
                account,
                policy,
                decided.get(policy.category),
                limits,
                data,
                Decision(**vars(rules[policy.category])) if policy.category in rules else None,
            )
            for policy in policies_in_force(account.pk)
        ]
        self.least = minimums_of(account.pk)
        for row in self.rows:
            row.minimum = MinimumForm(row.category, self.least.get(row.category), data)
        self.change = ChangeForm(data)
        self.limits = limits

    @property
    def forms(self) -> list[forms.Form]:
        return [*self.rows, *(row.minimum for row in self.rows), self.change]

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """What was decided otherwise than it is, by category; what is wrong is left out."""
        return {row.category: row.decision for row in self.rows if row.is_changed and row.decision}

    @cached_property
    def minimums(self) -> dict[str, MinimumTerm]:
        """The minimum terms as they would be after saving, by category."""
        chosen = {row.category: row.minimum.minimum for row in self.rows}
        return {category: minimum for category, minimum in chosen.items() if minimum is not None}

    @property
    def moved_minimums(self) -> Minimums:
        """What of the minimum terms was decided otherwise than it is."""
        return changed_minimums(self.least, {row.category: row.minimum.minimum for row in self.rows})

    @cached_property
    def errors(self) -> dict[str, Any]:
        """The errors of all forms, by the name of the control."""
        if not self.change.is_bound:
            return {}
        found = {form.add_prefix(name): errors for form in self.forms for name, errors in form.errors.items()}
        if not found and self.asks:
            self._ask()
            found = dict(self.change.errors.items())
        return found

    def policies(self) -> list[Policy]:
        """Return the rules as they would be after saving."""
        skip = bool(self.chosen.get("skip_cooling"))
        return [
            proposed(row.in_force, self.decisions[row.category], now=self.now, skip_cooling=skip)
            if row.category in self.decisions
            else self.planned.get(row.category, row.in_force)
            for row in self.rows
        ]

    @cached_property
    def rehearsal(self) -> Rehearsal:
        return rehearse(self.policies(), self.now)

    @cached_property
    def doomed(self) -> dict[str, int]:
        """How much goes at once, by category: under shorter rules, by a shorter limit, and with that."""
        over, rules = self._over(), self.policies()
        for policy in rules if self.closing else ():
            rows = self.closing.get(policy.category)
            if rows is not None:
                closed = erased_by(rows, policy, self.now).values_list("pk", flat=True)
                over[rows.model] = [*over.get(rows.model, []), *closed]
        return dict(all_in(over, rules))

    def _over(self) -> dict[type[Model], list[Any]]:
        """Return what is over at once under the rules that become shorter: ids by model."""
        changed = zip(self.policies(), self.rows, strict=True)
        shorter = [policy for policy, row in changed if may_go_sooner(policy, row.in_force)]
        if not shorter:
            return {}
        seen = self.__dict__.get("rehearsal")  # what the page shows anyway, if it saw everything
        if seen is None or seen.cut:
            seen = rehearse(shorter, self.now)
        taking = {policy.category for policy in shorter}
        return over_in(each for each in seen.forecasts if each.category in taking)

    @property
    def number_to_type(self) -> int | None:
        """The number that has to be typed; ``None`` where nobody asks for it."""
        number = sum(self.doomed.values())
        return number if number > self.confirm_above else None

    @property
    def chosen(self) -> Mapping[str, Any]:
        if not self.change.is_bound:
            return {}
        self.change.is_valid()
        return self.change.cleaned_data

    def doomed_in_words(self) -> str:
        """Return the numbers of each category, such as *“chat transcripts: 12, tickets: 3”*."""
        labels = {row.category: row.label for row in self.rows}
        return ", ".join(f"{labels[category]}: {number}" for category, number in self.doomed.items())

    def _ask(self) -> None:
        """Ask for a reason and for the number, where the change needs them."""
        sooner = any(
            may_go_sooner(policy, row.in_force)
            for policy, row in zip(self.policies(), self.rows, strict=True)
            if row.category in self.decisions
        )
        if self.chosen.get("skip_cooling") and sooner and not self.chosen.get("reason"):
            self.change.add_error("reason", ValidationError(_("Say why it can't wait."), "required"))
        short = short_of(self.minimums, self.decisions)
        if short and not self.chosen.get("reason"):
            self.change.add_error("reason", ValidationError(asks_why(short), "below_minimum"))
        number = self.number_to_type
        if number is not None and self.chosen.get("typed_number") != number:
            words = ngettext(
                "These rules erase %(number)d thing that is there now (%(each)s). Type %(number)d.",
                "These rules erase %(number)d things that are there now (%(each)s). Type %(number)d.",
                number,
            )
            said = capfirst(words % {"number": number, "each": self.doomed_in_words()})
            self.change.add_error("typed_number", ValidationError(said, "number"))


def chosen_plan(data: Mapping[str, Any]) -> Plan | None:
    """Return the plan that was chosen on the page of the account, where one was."""
    return Plan.objects.filter(pk=data.get("plan", "")).first()
