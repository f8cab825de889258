"""What somebody reaches in the admin: rows of the accounts that are open to them, here and now."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy, override

from helpdesk.client_ip import address_of
from helpdesk.models import Account, User
from helpdesk.permissions import accounts_open_to, uses_admin
from privacy.models import LedgerEntry


def open_accounts(request: HttpRequest) -> QuerySet[Account]:
    """Return the accounts that the person may reach from where they are."""
    return accounts_open_to(request.user, address_of(request))


def is_operator(request: HttpRequest) -> bool:
    return request.user.role == User.Role.OPERATOR


def open_entries(request: HttpRequest) -> QuerySet[LedgerEntry]:
    """Return the ledger's entries about the accounts that are open to the person; all for an operator."""
    entries = LedgerEntry.objects.order_by("-seq")
    if is_operator(request):
        return entries
    # The vault is another database, so the accounts come as a list.
    return entries.filter(account_id__in=list(open_accounts(request).values_list("pk", flat=True)))


class ScopedAdmin(admin.ModelAdmin):
    """Base of every page of the admin. ``account_path`` leads from a row to its account.

    Everything goes through :meth:`get_queryset`: lists, single rows, history, choices of foreign keys,
    autocompletion. A row of another account is not there (404). Nothing is deleted here, and the address bar
    is no way to ask about columns that the list doesn't show.
    """

    account_path = "account_id"
    filters: Iterable[str] = ()  # look-ups that the list's own filters put in the address
    actions = None
    save_on_top = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        accounts = list(open_accounts(request).values_list("pk", flat=True))
        return super().get_queryset(request).filter(**{f"{self.account_path}__in": accounts})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model:
        row = super().get_object(request, object_id, None)
        if row is None:
            raise Http404
        return row

    def get_field_queryset(self, db, db_field, request: HttpRequest) -> QuerySet | None:
        remote = self.admin_site._registry.get(db_field.remote_field.model)
        return remote.get_queryset(request) if remote else db_field.remote_field.model.objects.none()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.filters

    def has_module_permission(self, request: HttpRequest) -> bool:
        return uses_admin(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return uses_admin(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def construct_change_message(self, request: HttpRequest, form, formsets, add: bool = False) -> list[dict]:
        """Name the fields that changed, and never what they held."""
        if add:
            return [{"added": {}}]
        with override(None):  # stored once, translated when it is shown
            fields = [str(form.fields[name].label) for name in form.changed_data if name != "revision"]
        return [{"changed": {"fields": fields}}]


class OfAccount(admin.SimpleListFilter):
    """Choose one of the accounts that are open to the person."""

    title = gettext_lazy("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in open_accounts(request).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if not chosen:
            return queryset
        if chosen not in dict(self.lookup_choices):
            return queryset.none()
        return queryset.filter(account_id=int(chosen))
