"""The public ticket form."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.files import FilesField
from helpdesk.forms.intake import IntakeForm
from helpdesk.forms.reply import MessageField
from helpdesk.forms.typed import LineField


class TicketForm(IntakeForm):
    """What somebody asks, and where the answer goes; address, subject and message are always needed."""

    form_name = "ticket"

    subject = LineField(label=_("Subject"), max_length=200)
    message = MessageField(label=_("Message"), rows=8)
    files = FilesField()
    once = forms.CharField(required=False, widget=forms.HiddenInput, initial=uuid4)  # the code of this copy

    def values(self) -> dict[str, Any]:
        """Return what :func:`helpdesk.services.tickets.open_ticket` takes besides the account."""
        given = self.cleaned_data
        return {
            "name": given.get("name", ""),
            "email": given["email"],
            "subject": given["subject"],
            "message": given["message"],
            "answers": self.answered,
            "files": given["files"],
            "given": self.given,
            "form": given["once"],
        }
