"""The account's page: its settings under tabs, saved by one service."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from helpdesk.admin.account_form import AccountForm, NewAccountForm
from helpdesk.admin.networks import NetworkInline
from helpdesk.admin.notice_tab import notice_page
from helpdesk.admin.previews import colour_preview, consent_page, preview, retention_page
from helpdesk.admin.scope import ScopedAdmin, is_operator
from helpdesk.client_ip import address_of
from helpdesk.models import Account, User
from helpdesk.services.account_settings import DECIDED_BY_OPERATORS, ChangedMeanwhile, change_account
from helpdesk.services.accounts import open_account
from helpdesk.services.retention import end_cooling
from privacy.models import ConsentNotice
from privacy.presets import preset_of

# name of the tab, its words, its fields; what else stands in it is in the template of the same name
TABS: list[tuple[str, Any, list[str]]] = [
    (
        "profile",
        gettext_lazy("Profile"),
        [
            "name",
            "plan",
            "is_active",
            "managers",
            "language",
            "time_zone",
            "owner",
            "controller",
            "country",
            "privacy_contact",
            "protection_officer",
            "policy_url",
        ],
    ),
    ("page", gettext_lazy("The chat's page"), ["allowed_origins", "brand_colour", "logo", "remove_logo"]),
    (
        "consent",
        gettext_lazy("Consent"),
        [
            "consent_mechanism",
            "consent_together",
            "consent_introduction",
            "billboard",
            "refusal",
            "withdrawal",
        ],
    ),
    ("notice", gettext_lazy("Privacy notice"), []),
    (
        "fields",
        gettext_lazy("Chat and ticket fields"),
        ["chat_name", "chat_email", "chat_question", "ticket_name"],
    ),
    (
        "technical",
        gettext_lazy("Slips and technical data"),
        ["mask_slips", "secure_hours", "keep_address", "keep_browser", "keep_page"],
    ),
    (
        "retention",
        gettext_lazy("Retention"),
        [
            "idle_minutes",
            "silent_ticket_days",
            "confirm_above",
        ],
    ),
    ("allowlist", gettext_lazy("IP allowlist"), ["allowlist_enabled"]),
    ("bot", gettext_lazy("Bot, teams and hours"), []),
    ("people", gettext_lazy("People"), []),
]
FOR_OPERATORS = DECIDED_BY_OPERATORS | {"managers"}


@admin.register(Account)
class AccountAdmin(ScopedAdmin):
    """Accounts: operators see all, managers those assigned to them."""

    account_path = "pk"
    filters = ("plan__exact", "is_active__exact")
    list_display = ("name", "plan", "language", "time_zone", "is_active")
    list_filter = ("plan", "is_active")
    search_fields = ("name", "public_id")
    ordering = ("name",)
    change_form_template = "admin/helpdesk/account/change_form.html"
    add_form_template = "admin/change_form.html"

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> list[type]:
        return [NetworkInline] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> list[tuple[Any, dict]]:
        if obj is None:
            return [(None, {"fields": NewAccountForm.Meta.fields})]
        hidden = set() if is_operator(request) else FOR_OPERATORS
        hidden = hidden if obj.logo_mark else hidden | {"remove_logo"}
        tabs = [
            (words, {"classes": [tab], "fields": [f for f in fields if f not in hidden]})
            for tab, words, fields in TABS
        ]
        tabs[0][1]["fields"].append("revision")
        return tabs

    def get_form(
        self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any
    ) -> type:
        if obj is None:
            return super().get_form(request, obj, change, form=NewAccountForm, **kwargs)
        form = super().get_form(request, obj, change, form=AccountForm, **kwargs)
        ours = {
            "editor": request.user,
            "address": address_of(request),
            "preset": preset_of(request.GET.get("preset")),
            "only_rehearsed": "_rehearse" in request.POST,
        }
        form = type("AccountForm", (form,), ours)
        for name in set() if is_operator(request) else FOR_OPERATORS:
            form.base_fields.pop(name, None)
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Account, form: ModelForm, change: bool) -> None:
        if not change:
            opened = open_account(by=request.user, **form.cleaned_data)
            obj.pk, obj.public_id = opened.pk, opened.public_id

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        if not change:
            return
        chosen = form.cleaned_data
        change_account(
            account=form.instance,
            by=request.user,
            address=address_of(request),
            revision=chosen["revision"],
            values={name: chosen[name] for name in AccountForm.Meta.fields if name in chosen},
            logo=form.chosen_logo,
            decisions=form.retention.decisions,
            minimums=form.retention.moved_minimums,
            reason=form.retention.chosen["reason"],
            skip_cooling=form.retention.chosen["skip_cooling"],
            networks=formsets[0].lines(),
            managers=chosen.get("managers"),
        )

    def construct_change_message(self, request: HttpRequest, form, formsets, add: bool = False) -> list[dict]:
        message = super().construct_change_message(request, form, formsets, add)
        if not add and any(formset.has_changed() for formset in formsets):
            message[0]["changed"]["fields"].append("Networks")
        if not add and (form.retention.decisions or form.retention.moved_minimums):
            message[0]["changed"]["fields"].append("Retention")
        return message

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ChangedMeanwhile:
            # Between the check of the form and the save somebody else was quicker.
            messages.error(
                request, _("Somebody else saved this account at the same moment. Please look again.")
            )
        except ValidationError as refused:
            # So was somebody else, or a plan was chosen that doesn't allow the rules of the same save.
            messages.error(request, " ".join([_("Nothing was saved."), *refused.messages]))
        return HttpResponseRedirect(request.path)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj=None,
    ) -> HttpResponse:
        if obj is not None:
            context |= {
                "address": address_of(request),
                "embed_url": settings.LETHE_EMBED_URL,
                "purposes": obj.purposes.all(),
                "form_fields": obj.form_fields.select_related("account", "purpose"),
                "notices": ConsentNotice.objects.filter(account=obj.pk).order_by("-version"),
                "people": User.objects.to_show().filter(account=obj.pk).order_by("-is_active", "created_at"),
                "operator": is_operator(request),
                **notice_page(obj),
                **consent_page(obj, _given_or_kept(context["adminform"].form)),
                **colour_preview(context["adminform"].form["brand_colour"].value()),
                **retention_page(context["adminform"].form.retention, request),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_add(
        self, request: HttpRequest, obj: Account, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(
            request, _("The account is open, with the most careful settings. Look through them.")
        )
        return HttpResponseRedirect(reverse("admin:helpdesk_account_change", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Account) -> HttpResponse:
        messages.success(request, _("Saved. It counts from now on."))
        return HttpResponseRedirect(request.path)

    def get_urls(self) -> list:
        preview_view = self.admin_site.admin_view(require_POST(self.preview_view))
        cooling_view = self.admin_site.admin_view(require_POST(self.cooling_view))
        return [
            path("<path:object_id>/preview/<slug:part>/", preview_view, name="helpdesk_account_preview"),
            path("<path:object_id>/cooling/<slug:category>/", cooling_view, name="helpdesk_account_cooling"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, object_id: str, part: str) -> HttpResponse:
        return preview(request, self.get_object(request, object_id), part)

    def cooling_view(self, request: HttpRequest, object_id: str, category: str) -> HttpResponse:
        account = self.get_object(request, object_id)
        try:
            if end_cooling(
                account=account, category=category, by=request.user, reason=request.POST.get("reason", "")
            ):
                messages.success(request, _("The first run comes now."))
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
        return HttpResponseRedirect(f"{self.page_of(account)}#retention")

    def page_of(self, account: Account) -> str:
        return reverse("admin:helpdesk_account_change", args=[account.pk])


def _given_or_kept(form: ModelForm) -> dict[str, Any]:
    """Return what the page shows at this moment, be it typed or stored."""
    return {**form.initial, **getattr(form, "cleaned_data", {})}
