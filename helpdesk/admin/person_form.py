"""The form of somebody who signs in: by whom an account's chats and tickets are read."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.admin.help_texts import PERSON
from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models import Account, User
from helpdesk.services.people import AddressTaken
from helpdesk.text import validate_address
from privacy.encryption.fields import Lost


class PersonForm(forms.ModelForm):
    """A person as their manager sees them. The class attribute ``accounts`` says where they may be added."""

    accounts = Account.objects.none()

    name = LineField(label=gettext_lazy("Name"), max_length=100)
    email = TypedField(
        label=gettext_lazy("Email"),
        validators=[validate_address],
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["account", "name", "email", "role", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {name: value for name, value in self.initial.items() if not isinstance(value, Lost)}
        for name, field in self.fields.items():
            field.help_text = PERSON[name]
            field.label = capfirst(field.label)
        if "account" in self.fields:
            self.fields["account"].queryset = self.accounts
        if "role" in self.fields:
            self.fields["role"].choices = [(role, capfirst(User.Role(role).label)) for role in self.roles()]

    def roles(self) -> tuple[str, ...]:
        """Return the roles that may be given: those of an account, unless operators add somebody."""
        return User.AGENT_ROLES

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if User.objects.with_email(email).exclude(pk=self.instance.pk).exists():
            raise AddressTaken
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("new_password"):
            self._check_password(password)
        return cleaned

    def _check_password(self, password: str) -> None:
        person = User(
            name=self.cleaned_data.get("name", ""),
            email=self.cleaned_data.get("email", ""),
            account=self.cleaned_data.get("account") or self.instance.account,
        )
        try:
            validate_password(password, person)
        except ValidationError as error:
            self.add_error("new_password", error)


class NewPersonForm(PersonForm):
    """Somebody who is added: by a manager to an account, by an operator also to the deployment."""

    may_add_staff = False

    account = forms.ModelChoiceField(label=gettext_lazy("Account"), queryset=Account.objects.none())

    class Meta(PersonForm.Meta):
        fields = ["account", "name", "email", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password"].required = True
        self.fields["account"].required = not self.may_add_staff

    def roles(self) -> tuple[str, ...]:
        return (*User.AGENT_ROLES, *User.STAFF_ROLES) if self.may_add_staff else User.AGENT_ROLES

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        role, account = cleaned.get("role"), cleaned.get("account")
        if role in User.AGENT_ROLES and account is None and "account" not in self.errors:
            self.add_error("account", _("Agents, supervisors and owners belong to an account."))
        if role in User.STAFF_ROLES and account is not None:
            self.add_error("account", _("Managers and operators belong to no account."))
        return cleaned
