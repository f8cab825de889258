"""The one form of an account's settings. Each control says what it does and which article it serves."""

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from helpdesk.admin.help_texts import ACCOUNT
from helpdesk.admin.retention_tab import RetentionTab, chosen_plan
from helpdesk.client_ip import NOWHERE, ClientAddress
from helpdesk.forms.logo import LogoField
from helpdesk.forms.texts import TextsField
from helpdesk.forms.typed import check_once
from helpdesk.logos import NO_LOGO, Logo
from helpdesk.models import Account, User
from helpdesk.services.account_settings import revision_of
from helpdesk.text import validate_line, validate_text
from privacy.presets import Preset


def time_zones() -> list[tuple[str, str]]:
    """Return the zones that people know by a place, and UTC."""
    places = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [(name, name.replace("_", " ")) for name in ["UTC", *places]]


class AccountForm(forms.ModelForm):
    """Every setting of an account, in the order of the tabs.

    The class attributes ``editor`` and ``address`` say who fills it in, and from where; ``preset`` what the
    rules of retention start from, and ``only_rehearsed`` that nothing is to be saved yet.
    """

    editor: User
    address: ClientAddress = NOWHERE
    preset: Preset | None = None
    only_rehearsed = False

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)
    policy_url = forms.URLField(label=_("Privacy policy"), required=False, assume_scheme="https")
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none(), required=False)
    managers = forms.ModelMultipleChoiceField(
        label=_("Account managers"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    consent_introduction = TextsField(label=_("Words above the list"), rows=2, required=False)
    billboard = TextsField(label=_("Message in the window"), required=False)
    refusal = TextsField(label=_("What is possible without consent"), rows=2, required=False)
    logo = LogoField(label=_("Logo"), required=False)
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
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
            "protection_officer",
            "country",
            "allowed_origins",
            "brand_colour",
            "mask_slips",
            "secure_hours",
            "keep_address",
            "keep_browser",
            "keep_page",
            "consent_mechanism",
            "consent_together",
            "consent_introduction",
            "billboard",
            "refusal",
            "withdrawal",
            "chat_name",
            "chat_email",
            "chat_question",
            "ticket_name",
            "idle_minutes",
            "silent_ticket_days",
            "confirm_above",
            "allowlist_enabled",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retention = RetentionTab(
            self.instance,
            self.data if self.is_bound else None,
            self.preset,
            asks=not self.only_rehearsed,
            plan=chosen_plan(self.data) if "plan" in self.fields else None,
        )
        self.parts = self.retention.forms
        self.initial |= self._decided()
        for name, field in self.fields.items():
            field.help_text = ACCOUNT.get(name, "")
            field.label = capfirst(field.label)
        for name in {"name", "privacy_contact", "protection_officer"} & self.fields.keys():
            check_once(self.fields[name], validate_line)
        if "controller" in self.fields:
            self.fields["controller"].widget.attrs["rows"] = 3
            check_once(self.fields["controller"], validate_text)
        if not self.instance.logo_mark:
            self.fields.pop("remove_logo", None)
        if "brand_colour" in self.fields:
            self.fields["brand_colour"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        if "allowed_origins" in self.fields:
            self.fields["allowed_origins"].widget.attrs |= {"rows": 3, "spellcheck": "false"}
        self._offer_people()

    def _decided(self) -> dict[str, Any]:
        """Return what stands outside the account's own row: who looks after it."""
        account = self.instance
        decided: dict[str, Any] = {
            "revision": revision_of(account),
            "managers": list(account.assignments.values_list("user_id", flat=True)),
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

    @property
    def chosen_logo(self) -> Logo | None:
        """The logo that was uploaded, ``NO_LOGO`` to take it away, or ``None`` to leave it."""
        return self.cleaned_data.get("logo") or (NO_LOGO if self.cleaned_data.get("remove_logo") else None)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.only_rehearsed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.errors.update(self.retention.errors)
        return cleaned


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
