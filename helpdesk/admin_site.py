"""The admin's own site: our home page, and nothing for anybody who has no business here."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

# Replaced by the pages of the house, or answering about any row of any model.
LEFT_OUT = {"view_on_site", "password_change_done"}


class LetheAdminSite(AdminSite):
    """Django's admin for operators and account managers."""

    site_title = site_header = _("Lethe")
    index_title = _("Accounts")
    enable_nav_sidebar = False
    site_url = None

    def has_permission(self, request: HttpRequest) -> bool:
        from helpdesk.permissions import uses_admin

        return request.user.is_authenticated and uses_admin(request.user)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Let only those in who work here; somebody else who is signed in finds nothing."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)

    def get_urls(self) -> list:
        from helpdesk.admin import after_restore, holds, notice_tab, support
        from helpdesk.admin.archive import archive
        from helpdesk.admin.documents import document, download
        from helpdesk.admin.erasures import erasures_page
        from helpdesk.admin.hours import hours
        from helpdesk.admin.lock_outs import lift, lock_outs
        from helpdesk.admin.proof import proof, public_key

        ours = [
            path(
                "notice/<int:account_id>/confirm/", self.admin_view(notice_tab.confirm), name="confirm_notice"
            ),
            path(
                "notice/<int:account_id>/informed/",
                self.admin_view(notice_tab.informed_already),
                name="informed_already",
            ),
            path(
                "notice/<int:account_id>/versions/<int:number>/",
                self.admin_view(notice_tab.difference),
                name="notice_difference",
            ),
            path("lock-outs/", self.admin_view(lock_outs), name="lock_outs"),
            path("lock-outs/<uuid:person_id>/lift/", self.admin_view(lift), name="lift_lock_out"),
            path("archive/<int:account_id>/", self.admin_view(archive), name="helpdesk_account_archive"),
            path("hours/<int:account_id>/", self.admin_view(hours), name="helpdesk_hours"),
            path("holds/", self.admin_view(holds.holds), name="holds"),
            path("holds/place/", self.admin_view(holds.place), name="holds_place"),
            path("holds/<int:pk>/review/", self.admin_view(holds.review), name="holds_review"),
            path("holds/<int:pk>/release/", self.admin_view(holds.release), name="holds_release"),
            path("after-restore/", self.admin_view(after_restore.after_restore), name="after_restore"),
            path(
                "after-restore/<int:account_id>/<int:up_to>/confirm/",
                self.admin_view(after_restore.confirm),
                name="after_restore_confirm",
            ),
            path(
                "after-restore/<int:up_to>/confirm/",
                self.admin_view(after_restore.confirm),
                name="after_restore_confirm_rest",
            ),
            path("support/", self.admin_view(support.support), name="support"),
            path("support/<uuid:grant_id>/", self.admin_view(support.support_list), name="support_list"),
            path(
                "support/<uuid:grant_id>/still/", self.admin_view(support.support_lease), name="support_lease"
            ),
            path(
                "support/<uuid:grant_id>/<slug:kind>/<uuid:pk>/",
                self.admin_view(support.support_open),
                name="support_open",
            ),
            path(
                "support/<uuid:grant_id>/<slug:kind>/<uuid:pk>/files/<uuid:file_pk>/",
                self.admin_view(support.support_file),
                name="support_file",
            ),
            path("evidence/", self.admin_view(proof), name="privacy_evidence"),
            path("evidence/erasures/", self.admin_view(erasures_page), name="privacy_erasures"),
            path("evidence/key/", self.admin_view(public_key), name="privacy_evidence_key"),
        ]
        for kind in ("receipt", "certificate"):
            page = f"evidence/{kind}s/<int:number>/"
            ours += [
                path(page, self.admin_view(document), {"kind": kind}, name=f"privacy_{kind}"),
                *(
                    path(
                        f"{page}{form}/",
                        self.admin_view(download),
                        {"kind": kind, "form": form},
                        name=f"privacy_{kind}_{form}",
                    )
                    for form in ("json", "html")
                ),
            ]
        return ours + [url for url in super().get_urls() if getattr(url, "name", None) not in LEFT_OUT]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from helpdesk.admin.support import reads_support

        context = super().each_context(request)
        return context | {"reads_support": context["has_permission"] and reads_support(request)}

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Lead to the one page where people sign in: a second one would leave no evidence of it."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("admin:index")  # signing out is a form of its own that posts to our own page

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("password_change")

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        from helpdesk.admin.after_restore import forgotten_in_reach
        from helpdesk.admin.home import accounts_at_a_glance

        shown = {"accounts": accounts_at_a_glance(request), "forgotten": forgotten_in_reach(request).exists()}
        return super().index(request, shown | (extra_context or {}))
