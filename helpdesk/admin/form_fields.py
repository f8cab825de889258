"""The fields that an account adds to its forms."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from helpdesk.admin.help_texts import FORM_FIELD
from helpdesk.admin.rows import RowForm, RowOfAccount
from helpdesk.forms.options import OptionsField, with_keys
from helpdesk.forms.texts import TextsField
from helpdesk.models import FormField, User
from helpdesk.services.fields import save_form_field
from privacy.models import Purpose


class FormFieldForm(RowForm):
    help_texts = FORM_FIELD

    labels = TextsField(label=_("Label"), rows=1, max_length=120)
    helps = TextsField(label=_("Help"), rows=1, max_length=300, required=False)
    options = OptionsField(label=_("Choices"))

    class Meta:
        model = FormField
        fields = (
            "form",
            "key",
            "kind",
            "labels",
            "helps",
            "options",
            "rule",
            "is_personal",
            "is_special",
            "purpose",
            "term_amount",
            "term_unit",
            "position",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].queryset = Purpose.objects.filter(account=self.account).declared()
        if self.instance.pk:
            for name in ("form", "key"):
                self.fields[name].disabled = True  # the ledger names it by them

    def clean_options(self) -> list[dict[str, Any]]:
        if self.cleaned_data.get("kind") not in FormField.CHOOSING:
            return []
        return with_keys(self.cleaned_data["options"], self.instance.options)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        same = FormField.objects.filter(
            account=self.account, form=given.get("form", ""), key=given.get("key", "")
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("key", ValidationError(gettext("This form has a field of this name already.")))
        return given


@admin.register(FormField)
class FormFieldAdmin(RowOfAccount):
    """Fields are switched off and never deleted: the ledger names them."""

    tab = "fields"
    row_form = FormFieldForm
    list_display = ("label", "account", "form", "rule")
    ordering = ("account__name", "form", "position")

    def save_row(self, row: FormField, *, by: User) -> None:
        save_form_field(field=row, by=by)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        return None
