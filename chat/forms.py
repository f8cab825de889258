"""What people type into a chat, as it is checked before anything is stored."""

from dataclasses import replace
from typing import Any

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.models import MESSAGE_LIMIT
from helpdesk.forms.files import FilesField
from helpdesk.forms.intake import IntakeForm
from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models.tickets import MESSAGE_LIMIT as LEFT_MESSAGE_LIMIT
from helpdesk.pages import HostPage, clean_page
from helpdesk.text import validate_text
from privacy.services.people.consent import Given


class WordsField(TypedField):
    """Words of several lines, kept as they were typed; browsers alone make two characters of a line break."""

    default_validators = [validate_text]
    default_error_messages = {"required": _("Please write something first.")}
    too_long = ngettext_lazy(
        "A message has at most %(limit_value)d character; this one has %(show_value)d.",
        "A message has at most %(limit_value)d characters; this one has %(show_value)d.",
        "limit_value",
    )

    def __init__(self, *, max_length: int = MESSAGE_LIMIT, **options: Any) -> None:
        super().__init__(max_length=max_length, strip=False, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value).replace("\r\n", "\n")
        return text if text.strip() else ""


class MessageForm(forms.Form):
    """A message of either side, in words, files or both; ``client_id`` makes a repeated request harmless."""

    body = WordsField(label=_("Message"), required=False)
    files = FilesField()
    client_id = forms.UUIDField(required=False)

    def clean(self) -> None:
        """A file says enough without words; where either was refused, that is told and no more."""
        given = self.cleaned_data
        if not self.errors and not given.get("body") and not given.get("files"):
            self.add_error("body", WordsField.default_error_messages["required"])

    def refuse_more_files(self) -> None:
        """Say that the chat has as many files as one may have."""
        self.add_error("files", _("This chat has as many files as it can have. Please send words only."))


class FrameForm(IntakeForm):
    """Base of the forms inside the chat's frame; its script fills in the page around it."""

    # Never a reason to refuse the form: nobody has typed it.
    page = forms.Field(required=False, widget=forms.HiddenInput)

    def clean_page(self) -> HostPage:
        return clean_page(str(self.cleaned_data["page"] or ""), self.account)

    @property
    def given(self) -> Given:
        where = self.cleaned_data["page"]
        return replace(super().given, origin=where.origin, page=where.path)

    def answers(self, *names: str) -> dict[str, Any]:
        """Return these answers, empty where they were not asked for, and what was agreed to."""
        told = {name: self.cleaned_data.get(name, "") for name in names}
        return told | {"answers": self.answered, "given": self.given}


class PreChatForm(FrameForm):
    """What the account asks before a chat."""

    form_name = "chat"

    question = WordsField(label=_("Your question"), widget=forms.Textarea({"rows": 3}))


class LeaveMessageForm(FrameForm):
    """What turns a chat that nobody answers into a ticket: the account's rules for tickets hold.

    So does their limit, which is higher than that of a message in a chat: all that the visitor said in the
    chat stands here.
    """

    form_name = "ticket"

    message = WordsField(
        label=_("Message"),
        help_text=format_lazy(_("It becomes a ticket: up to {limit} characters."), limit=LEFT_MESSAGE_LIMIT),
        max_length=LEFT_MESSAGE_LIMIT,
        widget=forms.Textarea({"rows": 3}),
    )
    files = FilesField()


class SecureAskForm(forms.Form):
    """What an agent asks a visitor to send as a sensitive value."""

    label = LineField(
        label=_("What you ask for"),
        max_length=120,
        help_text=_("Such as: the IBAN for your refund. The visitor reads it above the field."),
    )
    why = LineField(
        label=_("Why"), max_length=300, help_text=_("One sentence for the visitor: what it is needed for.")
    )


class SecureAnswerForm(forms.Form):
    """A sensitive value, or that the visitor doesn't want to send one."""

    request = forms.UUIDField()
    value = TypedField(max_length=1_000, required=False, strip=False, validators=[validate_text])
    decline = forms.BooleanField(required=False)

    def clean(self) -> None:
        given = self.cleaned_data
        if not self.errors and not given["decline"] and not given["value"].strip():
            self.add_error("value", _("Please write it into the field, or choose “No thanks”."))


class SecureViewForm(forms.Form):
    """Why an agent looks at a sensitive value, typed each time."""

    reason = LineField(
        label=_("What do you need it for?"),
        max_length=300,
        validators=[MinLengthValidator(10, _("Say it in at least %(limit_value)d characters."))],
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class EndForm(forms.Form):
    """How the visitor found the chat."""

    rating = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in range(1, 6)], coerce=int, empty_value=None, required=False
    )
