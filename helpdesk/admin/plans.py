"""Plans and their terms: what operators offer, and how long each plan keeps things."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from helpdesk.admin.plan_form import PlanForm
from helpdesk.admin.scope import ScopedAdmin, is_operator
from helpdesk.services.plans import remove_plan, save_plan
from privacy.models import Plan


@admin.register(Plan)
class PlanAdmin(ScopedAdmin):
    """For operators only; a plan that accounts have stays, and what it cuts short waits a day."""

    list_display = ("name", "code", "schedules", "accounts")
    change_form_template = "admin/privacy/plan/change_form.html"
    add_form_template = change_form_template

    @admin.display(description=gettext_lazy("accounts"))
    def accounts(self, plan: Plan) -> int:
        return plan.concerned

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        plans = admin.ModelAdmin.get_queryset(self, request).annotate(concerned=Count("accounts"))
        return plans if is_operator(request) else plans.none()

    def get_form(
        self, request: HttpRequest, obj: Plan | None = None, change: bool = False, **kwargs: Any
    ) -> type:
        return super().get_form(request, obj, change, form=PlanForm, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return self.has_module_permission(request)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def save_model(self, request: HttpRequest, obj: Plan, form: ModelForm, change: bool) -> None:
        save_plan(plan=obj, by=request.user, terms=form.terms())

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        """Everything was saved by the service."""

    def construct_change_message(self, request: HttpRequest, form, formsets, add: bool = False) -> list[dict]:
        message = super().construct_change_message(request, form, formsets, add)
        if not add and any(part.has_changed() for part in form.parts):
            message[0]["changed"]["fields"].append("Terms")
        return message

    def response_add(
        self, request: HttpRequest, obj: Plan, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Plan) -> HttpResponse:
        messages.success(request, _("Saved. It counts from now on."))
        return HttpResponseRedirect(reverse("admin:privacy_plan_change", args=[obj.pk]))

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(require_POST(self.remove_view))
        return [path("<path:object_id>/remove/", view, name="privacy_plan_remove"), *super().get_urls()]

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        plan = self.get_object(request, object_id)
        try:
            remove_plan(plan=plan, by=request.user)
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return HttpResponseRedirect(reverse("admin:privacy_plan_change", args=[plan.pk]))
        messages.success(request, _("The plan is removed."))
        return HttpResponseRedirect(reverse("admin:privacy_plan_changelist"))
