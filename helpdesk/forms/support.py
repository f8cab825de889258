"""What an owner decides when somebody of the house is to read content: who, how long, why, files or not."""

from typing import Any

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.forms.typed import LineField
from helpdesk.models import Account, User
from helpdesk.services.support import HOURS

SHORTEST = 10


class SupportForm(forms.Form):
    """Reading access for one person."""

    person = forms.ModelChoiceField(
        label=_("Who may read"),
        queryset=User.objects.none(),
        empty_label=_("Choose somebody"),
        help_text=_("The managers of your account, and the operators of this deployment."),
    )
    hours = forms.TypedChoiceField(
        label=_("For how long"), coerce=int, widget=forms.RadioSelect, initial=HOURS[0]
    )
    reason = LineField(
        label=_("What for"),
        max_length=500,
        validators=[MinLengthValidator(SHORTEST, _("Say it in at least %(limit_value)d characters."))],
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=_("One line that names nobody. The owners and the person read it; the ledger doesn't."),
    )
    with_files = forms.BooleanField(
        label=_("Files too"),
        required=False,
        help_text=_("Without it file names are shown, and no file can be downloaded."),
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = User.objects.to_show().looking_after(account)
        self.fields["person"].label_from_instance = _named
        self.fields["hours"].choices = [
            (hours, ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours})
            for hours in HOURS
        ]


def _named(person: User) -> str:
    return f"{person.get_full_name()} ({capfirst(person.get_role_display())})"
