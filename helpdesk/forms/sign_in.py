"""The form of the sign-in page."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from helpdesk.authentication import PASSWORD_LIMIT
from helpdesk.text import ADDRESS_LIMIT, validate_line


class SignInForm(AuthenticationForm):
    """E-mail address and password; what can't be either is refused before anybody is looked up."""

    username = forms.CharField(
        label=_("Email"),
        max_length=ADDRESS_LIMIT,
        validators=[validate_line],
        widget=forms.EmailInput({"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_LIMIT,
        strip=False,
        validators=[validate_line],
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _("This e-mail address and password don't belong together. Please try again."),
        "inactive": _("This e-mail address and password don't belong together. Please try again."),
    }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["maxlength"] = ADDRESS_LIMIT
        if self.is_bound:  # the summary of the errors has the focus then
            self.fields["username"].widget.attrs.pop("autofocus")
