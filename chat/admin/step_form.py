"""The form of one step of the bot: it has the controls of its kind, and no others."""

import hashlib
import json
from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.help_texts import STEP, WAYS
from chat.bot.fields import askable
from chat.bot.flow import BRANCHES, BUTTONS_AT_MOST, END, ENDS, SPEAKS, Button, Flow, Kind, Step
from helpdesk.forms.texts import TextsField
from helpdesk.forms.typed import TypedField
from helpdesk.models import Account
from privacy.texts import in_language

Choices = list[tuple[str, str]]
SHOWN = 2  # buttons that stand open though nobody has written them yet


class LaterField(forms.ChoiceField):
    """A choice that a draft may still lack, though nothing is published without it."""

    def validate(self, value: str) -> None:
        if value:
            super().validate(value)


class StepForm(forms.Form):
    """One step of ``draft``; ``opened`` is the one that is changed, or nothing for a new one."""

    name = TypedField(max_length=30, validators=[validate_slug], label=gettext_lazy("Name"))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, account: Account, draft: Flow, kind: str, *, opened: Step | None = None, data: Any = None
    ) -> None:
        self.account, self.draft, self.kind, self.opened = account, draft, kind, opened
        super().__init__(data, initial=self._shown(opened))
        self.fields["name"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        words = {Kind.BUTTONS: _("Question"), Kind.TEXT: _("Question"), Kind.LINK: _("Words of the link")}
        if kind != Kind.HOURS:
            label = words.get(Kind(kind), _("What it says"))
            self.fields["words"] = TextsField(label=label, required=kind in SPEAKS, rows=2)
        self._add_own()
        if kind not in ENDS | {Kind.BUTTONS}:
            self._add_ways()
        for name, field in self.fields.items():
            field.help_text = STEP.get(name, "")
            field.label = capfirst(field.label)
        self.order_fields(["name", "words", "asks", "team", "url", "next", "otherwise"])

    @property
    def buttons(self) -> list[tuple[int, forms.BoundField, forms.BoundField, bool]]:
        """The lines of the buttons: number, words, target, and whether it stands open."""
        if self.kind != Kind.BUTTONS:
            return []
        lines = [(n, self[f"button_{n}_words"], self[f"button_{n}_next"]) for n in range(BUTTONS_AT_MOST)]
        written = len(self.opened.buttons) if self.opened else 0
        return [
            (n + 1, words, target, n < max(SHOWN, written + 1) or self.is_bound) for n, words, target in lines
        ]

    @property
    def plain(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("button_")]

    def clean_seen(self) -> str:
        seen, now = self.cleaned_data["seen"], mark_of(self.opened)
        if seen != now:
            self.data = self.data.copy()
            self.data["seen"] = now  # a second save knows what it replaces
            raise forms.ValidationError(
                _(
                    "Somebody else changed this step after you had opened it. Nothing was saved yet: look "
                    "through what you see here, and save again if it is right."
                ),
                "changed_meanwhile",
            )
        return seen

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if name in self.draft.names and (self.opened is None or name != self.opened.name):
            raise forms.ValidationError(_("Another step has this name."))
        return name

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        if not url.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Write an address that begins with https:// or http://."))
        return url

    def clean(self) -> None:
        for _number, words, target, _is_open in self.buttons:
            if self.cleaned_data.get(target.name) and self.cleaned_data.get(words.name) == {}:
                self.add_error(words.name, _("Write what stands on the button."))

    @property
    def step(self) -> Step:
        """The step as it was typed, once the form is valid."""
        given = self.cleaned_data
        lines = [(given[words.name], given[target.name]) for _n, words, target, _open in self.buttons]
        return Step(
            given["name"],
            self.kind,
            words=given.get("words", {}),
            next=given.get("next", ""),
            otherwise=given.get("otherwise", ""),
            buttons=tuple(Button(words, target) for words, target in lines if words),
            asks=given.get("asks", ""),
            team=int(given["team"]) if given.get("team") else None,
            url=given.get("url", ""),
        )

    def _add_own(self) -> None:
        if self.kind == Kind.TEXT:
            fields = {code: asked.label for code, asked in askable(self.account).items()}
            choices = with_kept(list(fields.items()), self.opened and self.opened.asks, _("not asked"))
            self.fields["asks"] = forms.ChoiceField(label=_("Kept as"), choices=choices)
        if self.kind == Kind.DEPARTMENT:
            teams = self.account.teams.filter(is_active=True)
            choices = [("", _("Choose …")), *((str(team.pk), team.name) for team in teams)]
            kept = str(self.opened.team or "") if self.opened else ""
            choices = with_kept(choices, kept, _("not in use"))
            self.fields["team"] = LaterField(label=_("Team"), choices=choices)
        if self.kind == Kind.LINK:
            self.fields["url"] = forms.URLField(label=_("Address"), assume_scheme="https", max_length=500)
        if self.kind == Kind.BUTTONS:
            for number in range(BUTTONS_AT_MOST):
                of = {"n": number + 1}
                self.fields[f"button_{number}_words"] = TextsField(
                    label=_("Words of button %(n)d") % of, rows=1, max_length=60, required=False
                )
                self.fields[f"button_{number}_next"] = self._way(_("Button %(n)d leads to") % of)

    def _add_ways(self) -> None:
        onward, otherwise = WAYS.get(Kind(self.kind), (_("Goes on to"), ""))
        self.fields["next"] = self._way(onward)
        if self.kind in BRANCHES:
            self.fields["otherwise"] = self._way(otherwise)

    def _way(self, label: str) -> LaterField:
        kept = [way.target for way in self.opened.ways] if self.opened else []
        choices: Choices = [("", _("Choose …"))]
        choices += [
            (step.name, titled(step, self.account))
            for step in self.draft
            if self.opened is None or step.name != self.opened.name
        ]
        choices.append((END, _("The automatic answers end here")))
        for target in kept:
            choices = with_kept(choices, target, _("there is no such step"))
        return LaterField(label=label, choices=choices)

    def _shown(self, step: Step | None) -> dict[str, Any]:
        shown: dict[str, Any] = {"seen": mark_of(step)}
        if step is None:
            return shown
        for number, button in enumerate(step.buttons):
            shown |= {f"button_{number}_words": button.words, f"button_{number}_next": button.next}
        parts = ("name", "words", "next", "otherwise", "asks", "team", "url")
        return shown | {part: getattr(step, part) for part in parts}


def titled(step: Step, account: Account) -> str:
    """Return a step in a list of choices: its name, and how its words begin."""
    words = in_language(step.words, account.language) or step.kind_in_words
    return f"{step.name}: {words[:40]}{'…' if len(words) > 40 else ''}"


def with_kept(choices: Choices, kept: str | None, note: str) -> Choices:
    """Return choices with the one that was made before, though it isn't offered any more."""
    if not kept or kept in dict(choices):
        return choices
    return [*choices, (kept, f"{kept} ({note})")]


def mark_of(step: Step | None) -> str:
    """Return a code that changes with every change of a step; empty for one that is new."""
    if step is None:
        return ""
    return hashlib.sha256(json.dumps(step.as_json(), sort_keys=True).encode()).hexdigest()[:16]
