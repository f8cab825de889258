"""The people who sign in: added, given a role, switched off, helped with a password."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.admin.lock_outs import people_in_reach
from helpdesk.admin.person_form import NewPersonForm, PersonForm
from helpdesk.admin.scope import OfAccount, ScopedAdmin, is_operator, open_accounts
from helpdesk.models import User
from helpdesk.services.people import add_person
from helpdesk.services.person_settings import change_person


@admin.register(User)
class PersonAdmin(ScopedAdmin):
    """People: a manager sees those of their accounts, operators see everybody."""

    filters = ("account", "role__exact", "is_active__exact")
    list_display = ("full_name", "email_address", "role", "account", "is_active", "last_login")
    list_filter = ("role", "is_active", OfAccount)
    list_select_related = ("account",)
    ordering = ("account__name", "created_at")
    sortable_by = ("role", "account", "is_active", "last_login")
    search_fields = ("email_index",)
    search_help_text = gettext_lazy(
        "The whole e-mail address: it is stored encrypted, so parts of it can't be found."
    )

    @admin.display(description=gettext_lazy("name"))
    def full_name(self, person: User) -> str:
        return person.get_full_name()

    @admin.display(description=gettext_lazy("e-mail"))
    def email_address(self, person: User) -> str:
        return person.email

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return people_in_reach(request).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return (queryset.with_email(search_term) if search_term else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[tuple[Any, dict]]:
        if obj is None:
            return [(None, {"fields": [*NewPersonForm.Meta.fields, "new_password"]})]
        staff = obj.role in User.STAFF_ROLES
        fields = ["name", "email", "role", "is_active", "new_password"]
        return [(None, {"fields": [name for name in fields if not (staff and name == "role")]})]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type:
        form = super().get_form(request, obj, change, form=PersonForm if obj else NewPersonForm, **kwargs)
        ours = {"accounts": open_accounts(request), "may_add_staff": is_operator(request)}
        return type(form.__name__, (form,), ours)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"account": request.GET.get("account"), "role": User.Role.AGENT}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        chosen = dict(form.cleaned_data)
        password = chosen.pop("new_password")
        if change:
            role = chosen.pop("role", obj.role)
            change_person(person=obj, by=request.user, password=password, role=role, **chosen)
        else:
            obj.pk = add_person(by=request.user, password=password, **chosen).pk

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
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
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return HttpResponseRedirect(request.get_full_path())

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, _("The person can sign in now."))
        return self._back(obj)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        messages.success(request, _("Saved."))
        return self._back(obj)

    def _back(self, person: User) -> HttpResponse:
        if person.account_id:
            account = reverse("admin:helpdesk_account_change", args=[person.account_id])
            return HttpResponseRedirect(f"{account}#people")
        return HttpResponseRedirect(reverse("admin:helpdesk_user_changelist"))
