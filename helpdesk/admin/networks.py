"""The networks of an account's allowlist: lines on its page, refused where they lock out who saves them."""

from ipaddress import ip_network
from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.text import capfirst

from helpdesk.admin.help_texts import ACCOUNT
from helpdesk.admin.scope import open_accounts
from helpdesk.client_ip import NOWHERE, ClientAddress, address_of, unmapped
from helpdesk.forms.typed import check_once
from helpdesk.models import Account, AllowedNetwork, User
from helpdesk.permissions import uses_admin
from helpdesk.services.account_settings import refuse_lock_out
from helpdesk.text import validate_line


class NetworkForm(forms.ModelForm):
    class Meta:
        model = AllowedNetwork
        fields = ["network", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("network", "note"):
            self.fields[name].help_text = ACCOUNT[name]
            self.fields[name].label = capfirst(self.fields[name].label)
        self.fields["network"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        check_once(self.fields["note"], validate_line)

    def clean_network(self) -> str:
        text = self.cleaned_data["network"].strip()
        try:
            # One spelling for each, so that none stands here twice.
            return str(unmapped(ip_network(text)))
        except ValueError:
            return text  # the model's validator says what is wrong


class NetworkFormSet(BaseInlineFormSet):
    editor: User
    address: ClientAddress = NOWHERE

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            networks = [network for network, _note in self.lines()]
            refuse_lock_out(
                enabled=self.instance.allowlist_enabled,
                networks=networks,
                by=self.editor,
                address=self.address,
            )

    def lines(self) -> list[tuple[str, str]]:
        """Return what is to stand in the list, as network and note."""
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        return [(line["network"], line["note"]) for line in kept if line.get("network")]


class NetworkInline(admin.TabularInline):
    model = AllowedNetwork
    form = NetworkForm
    formset = NetworkFormSet
    extra = 2  # empty lines, so that the page needs no script
    max_num = 200
    verbose_name_plural = "networks"

    def get_formset(self, request: HttpRequest, obj: Account | None = None, **kwargs: Any) -> type:
        formset = super().get_formset(request, obj, **kwargs)
        return type("NetworkFormSet", (formset,), {"editor": request.user, "address": address_of(request)})

    def has_view_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        # Without an account Django asks about the model; the lines are always those of a page's account.
        return uses_admin(request.user) and (obj is None or open_accounts(request).filter(pk=obj.pk).exists())

    def has_add_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return self.has_view_permission(request, obj)
