"""What people type into a chat, as it is checked before anything is stored."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from chat.models import MESSAGE_LIMIT
from helpdesk.forms.intake import IntakeForm
from helpdesk.text import validate_text


def text_field(**options: Any) -> forms.CharField:
    """Return a field for words of several lines, within the limit of a message."""
    limit = ngettext_lazy(
        "A message has at most %(limit_value)d character; this one has %(show_value)d.",
        "A message has at most %(limit_value)d characters; this one has %(show_value)d.",
        "limit_value",
    )
    return WordsField(
        max_length=MESSAGE_LIMIT,
        validators=[validate_text],
        error_messages={"max_length": limit, "required": _("Please write something first.")}
        | options.pop("errors", {}),
        **options,
    )


class WordsField(forms.CharField):
    """Keeps what was typed as it was typed; browsers alone turn line breaks into two characters."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value).replace("\r\n", "\n")
        return text if text.strip() else ""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # Without `maxlength`: a browser would cut a pasted text without a word.
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class MessageForm(forms.Form):
    """A message of either side; ``client_id`` makes a repeated request harmless."""

    body = text_field(label=_("Message"), strip=False)
    client_id = forms.UUIDField(required=False)


class PreChatForm(IntakeForm):
    """What the account asks before a chat, and the consent."""

    form_name = "chat"

    question = text_field(label=_("Your question"), widget=forms.Textarea({"rows": 4}))

    field_order = ("name", "email", "question", "consent", "notice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        link_policy(self)

    def answers(self) -> dict[str, Any]:
        """Return what a chat is started with; what wasn't asked is empty."""
        given = {name: self.cleaned_data.get(name, "") for name in ("name", "email", "question")}
        return given | {"agreed": bool(self.cleaned_data.get("consent")), "notice": self.notice}


class LeaveMessageForm(IntakeForm):
    """What turns a chat that nobody answers into a ticket."""

    form_name = "ticket"

    message = text_field(label=_("Message"), widget=forms.Textarea({"rows": 5}))

    field_order = ("name", "email", "message", "consent", "notice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("name", None)  # given in the chat already, or not asked there
        link_policy(self)

    def answers(self) -> dict[str, Any]:
        """Return what a ticket is opened with."""
        given = {name: self.cleaned_data[name] for name in ("email", "message")}
        return given | {"agreed": bool(self.cleaned_data.get("consent")), "notice": self.notice}


class EndForm(forms.Form):
    """How the visitor found the chat; an answer that makes no sense counts as none."""

    rating = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in range(1, 6)], coerce=int, empty_value=None, required=False
    )


def link_policy(form: IntakeForm) -> None:
    """Put the link to the account's privacy policy beside the checkbox."""
    if form.notice and form.notice.policy_url:
        form.fields["consent"].help_text = format_html(
            '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
            form.notice.policy_url,
            gettext("Privacy policy"),
        )
