"""Placing a hold on something, looking at it again, and releasing it."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from helpdesk.text import validate_line
from privacy.models import Suspension

USUAL_REVIEW = timedelta(days=180)
LONGEST = timedelta(days=3 * 366)


class ReviewField(forms.DateField):
    """The day on which a hold is looked at again: after today, and within three years."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Look at it again on"),
            widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )

    def clean(self, value: Any) -> date:
        day = super().clean(value)
        if not localdate() < day <= localdate() + LONGEST:
            raise forms.ValidationError(_("Choose a day after today, within three years."), "out_of_range")
        return day


class ReasonField(forms.CharField):
    """Why; it stays on record when what it is about is gone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=500,
            validators=[validate_line],
            help_text=_("A line that names nobody: it stays on record after the erasure."),
            **kwargs,
        )


def usual_review() -> date:
    return localdate() + USUAL_REVIEW


class HoldForm(forms.Form):
    """Why something must not be erased for now."""

    basis = forms.ChoiceField(label=_("Basis"), choices=Suspension.Basis)
    reason = ReasonField(label=_("Reason"))
    review_on = ReviewField(initial=usual_review)


class HoldHereForm(HoldForm):
    """The same on the page of a chat or ticket: on that alone, or on everything of its person."""

    ON_THIS, ON_PERSON = "this", "person"

    of = forms.ChoiceField(
        label=_("What is kept"),
        choices=[(ON_THIS, _("only this")), (ON_PERSON, _("everything of the person"))],
        widget=forms.RadioSelect,
        initial=ON_THIS,
    )


class ReviewForm(forms.Form):
    """The hold still stands."""

    review_on = ReviewField(initial=usual_review)


class ReleaseForm(forms.Form):
    """Nothing has to be kept any more."""

    reason = ReasonField(label=_("Reason for the release"))


class HoldByIdForm(HoldForm):
    """The same for somebody who never sees what it is: by the id."""

    field_order = ("of",)

    of = forms.UUIDField(
        label=_("Id of a chat, ticket or contact"),
        help_text=_(
            "The agents' page behind “Why?” names it. A hold on a contact keeps everything of theirs."
        ),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
