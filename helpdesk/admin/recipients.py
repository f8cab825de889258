"""Who receives data of an account's visitors, as the notice names them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from helpdesk.admin.help_texts import RECIPIENT
from helpdesk.admin.rows import RowForm, RowOfAccount
from helpdesk.forms.texts import TextsField
from helpdesk.forms.typed import check_once
from helpdesk.models import Recipient, User
from helpdesk.services.recipients import remove_recipient, save_recipient
from helpdesk.text import validate_line


class RecipientForm(RowForm):
    help_texts = RECIPIENT

    tasks = TextsField(label=_("What it does with the data"), rows=1, max_length=300)
    safeguards = TextsField(label=_("What protects the data there"), rows=2, max_length=600, required=False)

    class Meta:
        model = Recipient
        fields = ("name", "role", "tasks", "country", "safeguards")
        widgets = {"country": forms.TextInput({"autocomplete": "off"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "country"):
            check_once(self.fields[name], validate_line)


@admin.register(Recipient)
class RecipientAdmin(RowOfAccount):
    tab = "notice"
    row_form = RecipientForm
    list_display = ("name", "account", "role", "country")
    ordering = ("account__name", "name")
    change_form_template = "admin/helpdesk/recipient_form.html"

    def save_row(self, row: Recipient, *, by: User) -> None:
        save_recipient(recipient=row, by=by)

    def get_urls(self) -> list:
        remove = self.admin_site.admin_view(require_POST(self.remove_view))
        return [
            path("<path:object_id>/remove/", remove, name="helpdesk_recipient_remove"),
            *super().get_urls(),
        ]

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        recipient = self.get_object(request, object_id)
        back = self.page_of(recipient.account)
        remove_recipient(recipient=recipient, by=request.user)
        messages.success(request, gettext("Removed: the notice names it no more."))
        return HttpResponseRedirect(back)
