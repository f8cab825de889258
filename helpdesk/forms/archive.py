"""What the archive asks: what for, and who may open it."""

from typing import Any

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.translation import gettext_lazy as _

from helpdesk.models import Account, User
from helpdesk.text import validate_line

SHORTEST = 10


class OpeningForm(forms.Form):
    """The purpose, typed each time."""

    purpose = forms.CharField(
        label=_("What do you open it for?"),
        max_length=500,
        validators=[
            validate_line,
            MinLengthValidator(SHORTEST, _("Say it in at least %(limit_value)d characters.")),
        ],
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=_("One line that names nobody. The owner of your account reads it; the ledger doesn't."),
    )


class ReadersForm(forms.Form):
    """The people of an account who may open its archive."""

    people = forms.ModelMultipleChoiceField(
        label=_("People of the account"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.to_show().filter(account=account, is_active=True)
        self.fields["people"].queryset = people.order_by("created_at", "pk")
        self.fields["people"].label_from_instance = User.get_full_name
        readers = account.archive_readers.filter(user__is_active=True)
        self.initial.setdefault("people", list(readers.values_list("user", flat=True)))
