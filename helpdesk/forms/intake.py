"""The forms by which somebody outside begins: only what the account asks for, consent included."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.consent import ConsentMixin, notice_to_answer
from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models import Account
from helpdesk.text import validate_address


class IntakeForm(ConsentMixin):
    """Base of the pre-chat and the ticket form.

    A field that the account doesn't ask for does not exist: what is posted in its name is dropped.
    """

    name = LineField(label=_("Name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    email = TypedField(
        label=_("Email"),
        validators=[validate_address],
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.notice = notice_to_answer(account)
        for name, rule in account.field_rules(self.form_name).items():
            if rule == Account.Field.OFF:
                del self.fields[name]
            else:
                self.fields[name].required = rule == Account.Field.REQUIRED
        self.ask_consent()
