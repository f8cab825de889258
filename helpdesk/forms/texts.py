"""A field for words in every language of the site: one box a language, each marked as what it is."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from helpdesk.forms.typed import TypedField
from helpdesk.text import validate_text


class TextsWidget(forms.MultiWidget):
    """A box for each language; the first is the account's own and comes open, the others fold away."""

    template_name = "includes/texts.html"
    use_fieldset = True

    def __init__(self, rows: int = 3) -> None:
        boxes = {
            code: forms.Textarea({"rows": rows, "lang": code, "dir": "auto", "aria-label": name})
            if rows > 1
            else forms.TextInput({"lang": code, "dir": "auto", "aria-label": name})
            for code, name in settings.LANGUAGES
        }
        super().__init__(boxes)

    def decompress(self, value: Any) -> list[str]:
        given = value if isinstance(value, dict) else {}
        return [given.get(code, "") for code, _name in settings.LANGUAGES]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for box, (_code, language) in zip(context["widget"]["subwidgets"], settings.LANGUAGES, strict=True):
            box["language"] = language
        return context


class TextsField(forms.MultiValueField):
    """Return the words by language, without those that are empty; some language is needed where required."""

    def __init__(self, *, rows: int = 3, max_length: int = 2000, **options: Any) -> None:
        fields = [
            TypedField(max_length=max_length, validators=[validate_text], required=False)
            for _language in settings.LANGUAGES
        ]
        super().__init__(fields, widget=TextsWidget(rows), require_all_fields=False, **options)

    def compress(self, data_list: list[str]) -> dict[str, str]:
        codes = [code for code, _name in settings.LANGUAGES]
        return {code: words for code, words in zip(codes, data_list or [], strict=False) if words}

    def clean(self, value: Any) -> dict[str, str]:
        given = value if isinstance(value, list) else self.widget.decompress(value)
        errors = []
        for (_code, name), field, words in zip(settings.LANGUAGES, self.fields, given, strict=True):
            try:
                field.clean(words)
            except ValidationError as error:
                errors += [f"{name}: {message}" for message in error.messages]
        if errors:
            raise ValidationError(errors)
        texts = self.compress([str(words or "").strip() for words in given])
        if self.required and not texts:
            raise ValidationError(_("Write it in one language at least."), "required")
        return texts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.compress([str(words or "").strip() for words in data or []]) != (initial or {})
