"""The purposes of an account, with the lawful basis of each."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from helpdesk.admin.help_texts import PURPOSE
from helpdesk.admin.rows import RowForm, RowOfAccount
from helpdesk.forms.texts import TextsField
from helpdesk.models import User
from privacy.models import Purpose
from privacy.services.people.purposes import save_purpose


class PurposeForm(RowForm):
    help_texts = PURPOSE

    names = TextsField(label=_("What it is for"), rows=1, max_length=120)
    questions = TextsField(label=_("What the visitor agrees to"), required=False, max_length=2000)

    class Meta:
        model = Purpose
        fields = (
            "key",
            "names",
            "basis",
            "basis_note",
            "questions",
            "is_required",
            "reuses",
            "compatibility",
            "position",
            "is_active",
        )
        widgets = {
            "basis_note": forms.Textarea({"rows": 2}),
            "compatibility": forms.Textarea({"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Purpose.objects.filter(account=self.account).exclude(pk=self.instance.pk)
        self.fields["reuses"].queryset = others
        if self.instance.pk:
            self.fields["key"].disabled = True  # proofs of consent name it

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if Purpose.objects.filter(account=self.account, key=key).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("This account has a purpose of this name already."), "taken")
        return key


@admin.register(Purpose)
class PurposeAdmin(RowOfAccount):
    """Purposes are switched off and never deleted: proofs of consent name them."""

    tab = "consent"
    row_form = PurposeForm
    list_display = ("name", "account", "basis", "is_active")
    ordering = ("account__name", "position")

    def save_row(self, row: Purpose, *, by: User) -> None:
        save_purpose(purpose=row, by=by)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        return self.get_queryset(request)
