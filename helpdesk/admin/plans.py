"""Plans and their terms: what operators offer, and how long each plan keeps things."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from helpdesk.admin.scope import ScopedAdmin, is_operator
from privacy.models import Plan, PlanTerm


class TermInline(admin.TabularInline):
    """How long a plan keeps each category."""

    model = PlanTerm
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return is_operator(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(Plan)
class PlanAdmin(ScopedAdmin):
    """For operators only; a plan that accounts use can't be deleted, and its terms count at once."""

    list_display = ("name", "code", "schedules")
    inlines = (TermInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        plans = admin.ModelAdmin.get_queryset(self, request)
        return plans if is_operator(request) else plans.none()

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return self.has_module_permission(request)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)
