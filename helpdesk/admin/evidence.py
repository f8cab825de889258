"""Evidence, to be read: the ledger of one's accounts, consent, and the counts that survive every erasure."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from helpdesk.admin.scope import OfAccount, ScopedAdmin, open_entries
from helpdesk.models import Account
from privacy.models import ConsentRecord, DailyCount, LedgerEntry, Skeleton
from privacy.services.evidence.chain_state import chain_state
from privacy.services.evidence.ledger_words import action_in_words


class EvidenceAdmin(ScopedAdmin):
    """Base of what can be read and never changed; rows have no page of their own."""

    list_display_links = None
    list_per_page = 50
    filters = ("account",)


class LedgerList(ChangeList):
    """A page of the ledger, with the names of its accounts, which stand in the other database."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        entries = list(self.result_list)
        names = Account.objects.in_bulk({entry.account_id for entry in entries if entry.account_id})
        for entry in entries:
            entry.account_name = str(names.get(entry.account_id, ""))
        self.result_list = entries


@admin.register(LedgerEntry)
class LedgerAdmin(EvidenceAdmin):
    """What was done to personal data, without any: actions, numbers and pseudonyms."""

    list_display = ("seq", "at", "account_name", "what", "numbers")
    list_filter = (OfAccount,)
    sortable_by = ("seq",)
    ordering = ("-seq",)
    change_list_template = "admin/privacy/ledgerentry/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return open_entries(request)

    @admin.display(description=gettext_lazy("account"))
    def account_name(self, entry: LedgerEntry) -> str:
        return entry.account_name

    @admin.display(description=gettext_lazy("action"))
    def what(self, entry: LedgerEntry) -> str:
        """Return an action in words with its code, by which it is found in an exported ledger."""
        words = action_in_words(entry.action)
        return entry.action if words == entry.action else f"{words} ({entry.action})"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LedgerList

    @admin.display(description=gettext_lazy("codes and numbers"))
    def numbers(self, entry: LedgerEntry) -> str:
        return " · ".join(f"{name} {_plain(value)}" for name, value in entry.params.items() if value != "")

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(require_POST(self.verify_view))
        return [path("verify/", view, name="privacy_ledgerentry_verify"), *super().get_urls()]

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        found = chain_state.verify()
        if found.ok:
            messages.success(
                request,
                ngettext(
                    "Verified just now: %(entries)d entry, not changed or cut. Head %(head)s.",
                    "Verified just now: %(entries)d entries, none changed, missing or cut. Head %(head)s.",
                    found.entries,
                )
                % {"entries": found.entries, "head": found.head},
            )
        else:
            messages.error(
                request,
                _("The ledger is broken at entry %(seq)s: %(problem)s. Tell the operator of this deployment.")
                % {"seq": found.broken_seq, "problem": found.problem},
            )
        back = "privacy_evidence" if "proof" in request.POST else "privacy_ledgerentry_changelist"
        return HttpResponseRedirect(reverse(f"admin:{back}"))


@admin.register(ConsentRecord)
class ConsentAdmin(EvidenceAdmin):
    """Who agreed stays a pseudonym here; to which words, where, and when."""

    list_display = ("account", "notice_version", "purpose", "state", "form", "mechanism", "language", "at")
    list_filter = (OfAccount, "state", "form")
    filters = ("account", "state__exact", "form__exact")
    list_select_related = ("account", "notice")
    ordering = ("-at",)

    @admin.display(description=gettext_lazy("version of the notice"), ordering="notice__version")
    def notice_version(self, record: ConsentRecord) -> int:
        return record.notice.version


@admin.register(DailyCount)
class DailyCountAdmin(EvidenceAdmin):
    """Counts about nobody."""

    list_display = ("day", "account", "name", "value")
    list_filter = (OfAccount,)
    list_select_related = ("account",)
    ordering = ("-day", "account__name", "name")


@admin.register(Skeleton)
class SkeletonAdmin(EvidenceAdmin):
    """What stayed of erased chats and tickets where the account keeps figures."""

    list_display = ("day", "account", "category", "figures")
    list_filter = (OfAccount,)
    list_select_related = ("account",)
    sortable_by = ("day", "account", "category")
    ordering = ("-day", "account__name", "pk")

    @admin.display(description=gettext_lazy("figures"))
    def figures(self, skeleton: Skeleton) -> str:
        facts = sorted(skeleton.facts.items())  # not every database keeps their order
        return " · ".join(f"{name} {_hour(value)}" for name, value in facts if value is not None)


def _hour(value: Any) -> str:
    """Return a moment that was cut to the hour without what is always the same; all else as it is."""
    return str(value).replace("T", " ").replace(":00:00+00:00", ":00 UTC")


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return (
            _("%(number)d items") % {"number": len(value)} if len(value) > 6 else ", ".join(map(str, value))
        )
    return str(value)
