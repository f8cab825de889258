"""What an account has several of: each on a page of its own, reached from a tab of the account's page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from helpdesk.admin.scope import OfAccount, ScopedAdmin, open_accounts
from helpdesk.models import Account, User


class RowForm(forms.ModelForm):
    """Base of the forms of such rows; the class attribute ``account`` says whose it is."""

    account: Account
    help_texts: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.account = self.account
        for name, field in self.fields.items():
            if isinstance(field.widget, RelatedFieldWidgetWrapper):
                field.widget = field.widget.widget  # other rows have pages of their own
            field.help_text = self.help_texts.get(name, field.help_text)
            field.label = capfirst(field.label)


class RowOfAccount(ScopedAdmin):
    """Base of their pages: a new one belongs to the account of the link, and saving leads back to its tab.

    A subclass has ``tab``, ``row_form`` and :meth:`save_row`, one call of a service.
    """

    tab = ""
    row_form: type[RowForm] = RowForm
    filters = ("account",)
    list_filter = (OfAccount,)
    list_select_related = ("account",)
    change_form_template = add_form_template = "admin/row_form.html"

    def save_row(self, row: Any, *, by: User) -> None:
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def account_of(self, request: HttpRequest, obj: Any | None) -> Account:
        chosen = str(obj.account_id if obj else request.GET.get("account", ""))
        account = open_accounts(request).filter(pk=chosen).first() if chosen.isdecimal() else None
        if account is None:
            raise Http404
        return account

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> type:
        account = self.account_of(request, obj)
        form = super().get_form(request, obj, change, form=self.row_form, **kwargs)
        return type(form.__name__, (form,), {"account": account})

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> list[tuple[Any, dict]]:
        return [(None, {"fields": list(self.row_form.Meta.fields)})]  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        self.save_row(obj, by=request.user)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list, change: bool) -> None:
        """Everything was saved by the service."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as refused:  # what the form can't know: somebody else was quicker
            messages.error(request, " ".join([_("Nothing was saved."), *refused.messages]))
        return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any | None = None,
    ) -> HttpResponse:
        account = self.account_of(request, obj)
        context |= {"account": account, "back": self.page_of(account)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("Saved. It counts from now on."))
        return HttpResponseRedirect(self.page_of(obj.account))

    def page_of(self, account: Account) -> str:
        return f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#{self.tab}"
