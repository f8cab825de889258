"""The one form of an account's settings. Each control says what it does and which article it serves."""

import zoneinfo
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.admin.help_texts import ACCOUNT
from helpdesk.client_ip import NOWHERE, ClientAddress
from helpdesk.models import Account, User
from helpdesk.services.account_settings import revision_of
from helpdesk.services.accounts import FIRST_TERMS
from helpdesk.services.retention import Decision, hypothetical
from helpdesk.text import validate_line, validate_text
from privacy.categories import Category
from privacy.models import RetentionPolicy
from privacy.services.consent import current_notice
from privacy.services.rehearsal import count_due
from privacy.terms import Rule, Term, Unit

MANAGED = (Category.CHAT, Category.TICKET)


def time_zones() -> list[tuple[str, str]]:
    """Return the zones that people know by a place, and UTC."""
    places = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [(name, name.replace("_", " ")) for name in ["UTC", *places]]


class AccountForm(forms.ModelForm):
    """Every setting of an account, in the order of the tabs.

    The class attributes ``editor`` and ``address`` say who fills it in, and from where.
    """

    editor: User
    address: ClientAddress = NOWHERE

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)
    policy_url = forms.URLField(label=_("Privacy policy"), required=False, assume_scheme="https")
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none(), required=False)
    managers = forms.ModelMultipleChoiceField(
        label=_("Account managers"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    notice_text = forms.CharField(
        label=_("What the visitor agrees to"),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        validators=[validate_text],
    )
    chat_rule = forms.ChoiceField(label=_("Chats"), choices=Rule, widget=forms.RadioSelect)
    chat_amount = forms.IntegerField(label=_("Chats: how long"), min_value=1, max_value=1200, required=False)
    chat_unit = forms.ChoiceField(label=_("Chats: unit"), choices=Unit, required=False)
    ticket_rule = forms.ChoiceField(label=_("Tickets"), choices=Rule, widget=forms.RadioSelect)
    ticket_amount = forms.IntegerField(
        label=_("Tickets: how long"), min_value=1, max_value=1200, required=False
    )
    ticket_unit = forms.ChoiceField(label=_("Tickets: unit"), choices=Unit, required=False)
    erase_confirmed = forms.BooleanField(label=_("Erase what is already older"), required=False)
    revision = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Account
        fields = [
            "name",
            "plan",
            "is_active",
            "time_zone",
            "language",
            "owner",
            "controller",
            "privacy_contact",
            "policy_url",
            "allowed_origins",
            "consent_required",
            "chat_name",
            "chat_email",
            "chat_question",
            "ticket_name",
            "idle_minutes",
            "allowlist_enabled",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial |= self._decided()
        for name, field in self.fields.items():
            field.help_text = ACCOUNT.get(name, "")
            field.label = capfirst(field.label)
        for name in {"name", "privacy_contact"} & self.fields.keys():
            self.fields[name].validators.append(validate_line)
        if "controller" in self.fields:
            self.fields["controller"].widget.attrs["rows"] = 3
            self.fields["controller"].validators.append(validate_text)
        if "allowed_origins" in self.fields:
            self.fields["allowed_origins"].widget.attrs |= {"rows": 3, "spellcheck": "false"}
        self._offer_people()

    def _decided(self) -> dict[str, Any]:
        """Return what stands outside the account's own row: retention, notice, managers."""
        account = self.instance
        notice = current_notice(account)
        decided: dict[str, Any] = {
            "notice_text": notice.text if notice else "",
            "revision": revision_of(account),
            "managers": list(account.assignments.values_list("user_id", flat=True)),
        }
        for category in MANAGED:
            term = self.term_in_force(category)
            decided |= {
                f"{category}_rule": term.rule,
                f"{category}_amount": term.amount,
                f"{category}_unit": term.unit,
            }
        return decided

    def _offer_people(self) -> None:
        people = User.objects.to_show().filter(is_active=True)
        if "owner" in self.fields:
            self.fields["owner"].queryset = people.filter(account=self.instance, role=User.Role.OWNER)
            self.fields["owner"].label_from_instance = User.get_full_name
        if "managers" in self.fields:
            self.fields["managers"].queryset = people.filter(role=User.Role.MANAGER)
            self.fields["managers"].label_from_instance = User.get_full_name

    def term_in_force(self, category: str) -> Term:
        policy = RetentionPolicy.objects.filter(account=self.instance, category=category).first()
        return policy.term if policy else FIRST_TERMS[category]

    def term(self, category: str) -> Term | None:
        """Return what was chosen for a category; ``None`` where it is incomplete."""
        rule = self.cleaned_data.get(f"{category}_rule")
        amount, unit = self.cleaned_data.get(f"{category}_amount"), self.cleaned_data.get(f"{category}_unit")
        if not rule or (rule == Rule.AFTER and not (amount and unit)):
            return None
        before = self.term_in_force(category)
        return Term(rule, amount or before.amount, unit or before.unit)

    def decision(self, category: str) -> Decision:
        """Return the account's decision with the term that was chosen."""
        row = RetentionPolicy.objects.filter(account=self.instance, category=category).first()
        term = self.term(category) or self.term_in_force(category)
        return replace(Decision.of(row), term=term) if row else Decision(term)

    def clean_revision(self) -> str:
        revision, current = self.cleaned_data["revision"], self.initial["revision"]
        if revision != current:
            self.data = self.data.copy()
            self.data[self.add_prefix("revision")] = current  # a second save knows what it replaces
            raise ValidationError(
                _(
                    "Somebody else changed this account after you had opened the page. Nothing was saved "
                    "yet: look through what you see here, and save again if it is right."
                ),
                "changed_meanwhile",
            )
        return revision

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for category in MANAGED:
            self._clean_term(category)
        return cleaned

    def _clean_term(self, category: str) -> None:
        term = self.term(category)
        amount = f"{category}_amount"
        if term is None:
            if self.cleaned_data.get(f"{category}_rule") == Rule.AFTER and amount not in self.errors:
                self.add_error(amount, _("How long? Write a number from 1 to 1200."))
            return
        if term == self.term_in_force(category) or self.cleaned_data.get("erase_confirmed"):
            return
        doomed = count_due(hypothetical(self.instance, category, term), timezone.now())
        if doomed:
            self.add_error("erase_confirmed", _doomed_sentence(category, doomed))


def _doomed_sentence(category: str, doomed: int) -> str:
    if category == Category.CHAT:
        words = ngettext(
            "%(number)d closed chat is already older and would be erased as you save. "
            "Tick this box if you want that.",
            "%(number)d closed chats are already older and would be erased as you save. "
            "Tick this box if you want that.",
            doomed,
        )
    else:
        words = ngettext(
            "%(number)d closed ticket is already older and would be erased as you save. "
            "Tick this box if you want that.",
            "%(number)d closed tickets are already older and would be erased as you save. "
            "Tick this box if you want that.",
            doomed,
        )
    return words % {"number": doomed}


class NewAccountForm(forms.ModelForm):
    """What an account needs to begin; everything else starts at its most careful."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, initial="UTC")
    policy_url = forms.URLField(label=_("Privacy policy"), required=False, assume_scheme="https")

    class Meta:
        model = Account
        fields = ["name", "plan", "time_zone", "language", "controller", "privacy_contact", "policy_url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = ACCOUNT[name]
            field.label = capfirst(field.label)
        self.fields["name"].validators.append(validate_line)
