"""The forms by which somebody outside begins: only what the account asks for, consent included."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models import Account
from helpdesk.text import validate_address
from privacy.models import ConsentNotice
from privacy.services.people.consent import current_notice


class IntakeForm(forms.Form):
    """Base of the pre-chat and the ticket form.

    A field that the account doesn't ask for does not exist: what is posted in its name is dropped.
    """

    form_name = ""  # "chat" or "ticket": the prefix of the account's rules

    name = LineField(label=_("Name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    email = TypedField(
        label=_("Email"),
        validators=[validate_address],
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.notice: ConsentNotice | None = current_notice(account) if account.consent_required else None
        for name, rule in account.field_rules(self.form_name).items():
            if rule == Account.Field.OFF:
                del self.fields[name]
            else:
                self.fields[name].required = rule == Account.Field.REQUIRED
        if self.notice:
            self.fields["consent"] = forms.BooleanField(
                label=self.notice.text,
                error_messages={
                    "required": _("Please tick this box if you agree. Without it we store nothing.")
                },
            )
            self.fields["notice"] = forms.IntegerField(widget=forms.HiddenInput, initial=self.notice.version)

    def clean_notice(self) -> int:
        version = self.cleaned_data["notice"]
        if self.notice and version != self.notice.version:
            self.data = self.data.copy()  # shown again: the new words, unticked
            self.data["notice"] = self.notice.version
            self.data.pop("consent", None)
            raise forms.ValidationError(
                _("The text of the consent has changed. Please read it again."), "stale"
            )
        return version
