"""The forms by which somebody outside begins: only what the account asks for, consent included."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.forms.consent import ConsentMixin, notice_to_answer
from helpdesk.forms.fields import NAME, answers_of, field_for
from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models import Account
from helpdesk.services.fields import asked_on, needs_agreement
from helpdesk.text import validate_address


class IntakeForm(ConsentMixin):
    """Base of the pre-chat and the ticket form.

    A field that the account doesn't ask for does not exist: what is posted in its name is dropped.
    """

    name = LineField(
        label=gettext_lazy("Name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = TypedField(
        label=gettext_lazy("Email"),
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
        self.asked = asked_on(account, self.form_name, notice=self.notice)
        for field in self.asked:
            self.fields[NAME.format(field.key)] = field_for(field)
        self.ask_consent()

    def clean(self) -> None:
        """Refuse an answer that may be stored only with an agreement that wasn't given."""
        super().clean()
        if self.errors:
            return
        given, answered = self.given, self.answered
        for field in self.asked:
            if field.key in answered and needs_agreement(field, given):
                purpose = field.purpose
                if purpose and purpose.key not in given.purposes:
                    self.add_error(NAME.format(field.key), self._needs(purpose.name))

    @property
    def asked_fields(self) -> list[forms.BoundField]:
        return [self[NAME.format(field.key)] for field in self.asked]

    @property
    def answered(self) -> dict[str, str]:
        """What was answered to the account's own fields, by their keys."""
        return answers_of(self.asked, self.cleaned_data)

    def _needs(self, purpose: str) -> str:
        return _(
            "We may keep this only if you agree to: %(purpose)s. Please tick that box, or leave this empty."
        ) % {"purpose": purpose}
