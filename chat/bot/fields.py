"""What a bot may ask in words of the visitor's own: the fields of the account's form before a chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from chat.forms import PreChatForm
from chat.models import ChatAnswer, Conversation
from helpdesk.forms.consent import LIST
from helpdesk.forms.fields import NAME, words_of
from helpdesk.models import Account, FormField
from helpdesk.services.fields import keep_answers, needs_agreement
from privacy.services.people.consent import Given

QUESTION = "question"  # what the chat is about; all else is about the visitor
OF_CONTACT = {"name", "email"}


@dataclass(frozen=True)
class Askable:
    """A field that can be asked for; ``own`` where the account added it to its form."""

    field: forms.Field
    own: FormField | None = None

    @property
    def label(self) -> str:
        return str(self.field.label)

    @property
    def is_required(self) -> bool:
        return self.field.required

    def lacks_agreement(self, given: Given) -> bool:
        """Tell whether an answer may not be stored of somebody who answered so."""
        own = self.own
        if own is None or own.purpose is None or not needs_agreement(own, given):
            return False
        return own.purpose.key not in given.purposes

    def in_log(self, words: str) -> str:
        """Return what the log of the chat says of an answer.

        What is personal and has a place of its own, with a term and an end of its own, stands there alone.
        """
        if self.own is None or not self.own.is_personal:
            return words
        return _("Given: %(field)s") % {"field": self.label}


class AnswerForm(forms.Form):
    """One ``answer``, checked as the form before a chat would check it."""

    def __init__(self, asked: Askable, data: Any = None) -> None:
        super().__init__(data, auto_id="bot_%s")
        self.asked = asked
        self.fields["answer"] = asked.field

    @property
    def words(self) -> str:
        """What was answered, as it is kept and shown, once the form is valid."""
        given = self.cleaned_data["answer"]
        return words_of(self.asked.own, given) if self.asked.own else str(given)


def askable(account: Account) -> dict[str, Askable]:
    """Return the fields that the account asks for, by code.

    A field that the form before a chat has is one that the bot can ask for; what is off there is off here.
    """
    form = PreChatForm(account)
    own = {NAME.format(each.key): each for each in form.asked}
    return {
        code: Askable(field, own.get(code))
        for code, field in form.fields.items()
        if not field.widget.is_hidden and code.partition("_")[0] != LIST
    }


def codes_of(answers: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Return the codes of the fields that were answered, those of the account's own by their keys."""
    named = {**answers, **{NAME.format(key): words for key, words in own.items()}}
    return [code for code, words in named.items() if words]


def keep_answer(chat: Conversation, code: str, asked: Askable, words: str, *, given: Given) -> None:
    """Keep what a visitor answered where the form before a chat would have kept it.

    The question itself is what was said, and stands in the log alone. Raises
    :class:`privacy.services.people.consent.ConsentMissing` where it may not be stored.
    """
    if code in OF_CONTACT:
        setattr(chat.contact, code, words)
        chat.contact.save(update_fields=[code])
    elif asked.own:
        answers, unit = {asked.own.key: words}, {"conversation": chat}
        keep_answers(ChatAnswer, answers, account=chat.account, key_id=chat.key_id, given=given, **unit)
