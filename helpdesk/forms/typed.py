"""Fields for what people type: nothing is cut, and each mistake is said once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import ngettext_lazy

from helpdesk.text import validate_line


class TypedField(forms.CharField):
    """Text whose length the server checks: a browser that knew it would cut a pasted text without a word."""

    too_long = ngettext_lazy(
        "At most %(limit_value)d character fits here; there are %(show_value)d.",
        "At most %(limit_value)d characters fit here; there are %(show_value)d.",
        "limit_value",
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"error_messages": {"max_length": self.too_long}} | options)
        check_once(self)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class LineField(TypedField):
    """One line of text."""

    default_validators = [validate_line]


def check_once(field: forms.Field, *validators: Callable[[str], None]) -> None:
    """Add validators of :mod:`helpdesk.text`, and take away Django's own for NUL, which says the same."""
    kept = [each for each in field.validators if not isinstance(each, ProhibitNullCharactersValidator)]
    field.validators = [*kept, *validators]
