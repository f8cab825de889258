"""The fields that an account added to a form: each kind as people fill it in, checked by the server."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import conditional_escape
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.typed import LineField, TypedField
from helpdesk.models import Account, FormField
from helpdesk.models.fields import ANSWER_LIMIT
from helpdesk.text import validate_address, validate_line, validate_text

NAME = "asked_{}"  # of a form's field, by the key of the account's: no clash with those of the form itself
LINE_LIMIT = 200
PHONE_LIMIT = 30
EARLIEST = date(1800, 1, 1)  # nobody means a date before
_PHONE = re.compile(r"\+?[0-9](?:[ ()./-]{0,2}[0-9]){3,19}")


def validate_phone(text: str) -> None:
    """Refuse what nobody can dial: other signs than digits and what stands between them."""
    validate_line(text)
    if not _PHONE.fullmatch(text.replace("+(", "+").lstrip("(")):
        raise ValidationError(_("Enter a phone number, such as +33 1 23 45 67 89."), "invalid")


def validate_date(day: date) -> None:
    if day < EARLIEST:
        raise ValidationError(_("Enter a date that can be meant."), "invalid")


class LongField(TypedField):
    """Words of several lines; browsers alone make two characters of a line break."""

    def to_python(self, value: Any) -> str:
        return super().to_python(str(value).replace("\r\n", "\n") if value else value)


def field_for(asked: FormField) -> forms.Field:
    """Return the field that asks it, in the language of this moment."""
    field = _KINDS[FormField.Kind(asked.kind)](asked)
    field.label, field.required = asked.label, asked.rule == Account.Field.REQUIRED
    field.widget.is_required = field.required
    field.help_text = conditional_escape(asked.help)  # the page takes help for markup of its own
    return field


def words_of(asked: FormField, given: Any) -> str:
    """Return a checked value as it is kept and shown: choices in the words that were read."""
    if asked.kind in FormField.CHOOSING:
        chosen = {given} if asked.kind == FormField.Kind.CHOICE else set(given or ())
        return "\n".join(words for key, words in asked.choices if key in chosen)
    return given.isoformat() if isinstance(given, date) else str(given or "")


def answers_of(asked: list[FormField], given: Mapping[str, Any]) -> dict[str, str]:
    """Return what was answered to these fields, by their keys; what was left empty is not among it."""
    found = {each.key: words_of(each, given.get(NAME.format(each.key))) for each in asked}
    return {key: words for key, words in found.items() if words}


def _choice(asked: FormField) -> forms.Field:
    return forms.ChoiceField(choices=[("", _("Please choose")), *asked.choices])


def _choices(asked: FormField) -> forms.Field:
    return forms.MultipleChoiceField(choices=asked.choices, widget=forms.CheckboxSelectMultiple)


def _date(asked: FormField) -> forms.Field:
    return forms.DateField(
        input_formats=["%Y-%m-%d"],
        validators=[validate_date],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )


_KINDS: dict[FormField.Kind, Callable[[FormField], forms.Field]] = {
    FormField.Kind.TEXT: lambda asked: LineField(max_length=LINE_LIMIT),
    FormField.Kind.LONG_TEXT: lambda asked: LongField(
        max_length=ANSWER_LIMIT, validators=[validate_text], widget=forms.Textarea({"rows": 3})
    ),
    FormField.Kind.EMAIL: lambda asked: TypedField(validators=[validate_address], widget=forms.EmailInput()),
    FormField.Kind.PHONE: lambda asked: TypedField(
        max_length=PHONE_LIMIT, validators=[validate_phone], widget=forms.TextInput({"type": "tel"})
    ),
    FormField.Kind.CHOICE: _choice,
    FormField.Kind.CHOICES: _choices,
    FormField.Kind.DATE: _date,
}
