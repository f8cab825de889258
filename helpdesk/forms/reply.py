"""What both sides write in a thread, and what agents decide about it."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.consent import ConsentMixin, notice_to_answer
from helpdesk.forms.files import FilesField
from helpdesk.forms.typed import TypedField
from helpdesk.models import Account, Ticket, User
from helpdesk.models.tickets import MESSAGE_LIMIT
from helpdesk.text import validate_text


class MessageField(TypedField):
    """A message of a ticket: browsers send CR LF, people mean a new line, and a line is counted once."""

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        super().__init__(
            max_length=MESSAGE_LIMIT,
            validators=[validate_text],
            widget=forms.Textarea({"rows": rows}),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return super().to_python(str(value).replace("\r\n", "\n") if value else value)


class AnswerForm(ConsentMixin):
    """The requester's answer; ``asks`` is the account whose consent notice has changed since they agreed."""

    message = MessageField(label=_("Your answer"))
    files = FilesField()

    def __init__(self, *args: Any, asks: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asks:
            self.account, self.notice = asks, notice_to_answer(asks)
            self.ask_consent()


class ReplyForm(forms.Form):
    """An agent's reply, which goes out by mail."""

    reply = MessageField(label=_("Reply"))
    files = FilesField()


class NoteForm(forms.Form):
    """A note among agents."""

    note = MessageField(label=_("Internal note"), rows=3)


class AssigneeForm(forms.Form):
    """Who looks after a ticket: people of its account only."""

    assignee = forms.ModelChoiceField(
        User.objects.none(), label=_("Assignee"), required=False, empty_label=_("nobody")
    )

    def __init__(self, account_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(account_id=account_id, is_active=True)

    def offer(self, people: Iterable[User]) -> None:
        """Show these people by name; whoever has read them lets them share their keys with the page."""
        field = self.fields["assignee"]
        named = sorted(((str(person.pk), person.get_full_name()) for person in people), key=itemgetter(1))
        field.choices = [("", field.empty_label), *named]


class StatusForm(forms.Form):
    """Where a ticket stands. Closing has a button of its own."""

    OPEN = [choice for choice in Ticket.Status.choices if choice[0] != Ticket.Status.CLOSED]

    status = forms.ChoiceField(label=_("Status"), choices=OPEN)
