"""The evidence page: the state of the chain, the receipts, and *prove that something was erased*."""

from datetime import UTC, tzinfo
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from helpdesk.admin.answers import Answer, answer, still_here
from helpdesk.admin.scope import open_accounts, open_entries
from helpdesk.models import Account
from privacy import ledger
from privacy.ledger.signing import fingerprint, public_key_pem, signing_key
from privacy.models import LedgerEntry
from privacy.services.evidence.chain_state import chain_state, newest_publication
from privacy.services.evidence.erased import BeyondReach, NotErased, NothingErased
from privacy.services.evidence.explaining import explain_id
from privacy.services.evidence.ledger_words import category_in_words, moment_in_words
from privacy.services.evidence.proofs import prove
from privacy.services.evidence.receipts import counts_of, runs

RUNS_A_PAGE = 25
NUMBERS = range(1, 2**63)

REFUSALS = {
    NotErased: gettext_lazy("It is still here: nothing in the ledger says that it was erased."),
    BeyondReach: gettext_lazy(
        "It isn't in the newest part of the ledger, and the rest is too long to look through. Enter the "
        "number of its receipt."
    ),
    NothingErased: gettext_lazy(
        "Nothing with this number or id was erased in your accounts, as far as the ledger knows."
    ),
}


class ProofForm(forms.Form):
    """What is to be proven: the number of a receipt or certificate, or the id of what was erased."""

    of = forms.CharField(
        label=gettext_lazy("Number of a receipt, or id of a chat, ticket or contact"),
        help_text=gettext_lazy(
            "The id is in the address of the chat's or ticket's page. Of what is still here you read why."
        ),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_of(self) -> int | UUID:
        typed = self.cleaned_data["of"].lstrip("#")
        if typed.isdecimal() and int(typed) in NUMBERS:
            return int(typed)
        try:
            return UUID(typed)
        except ValueError as error:
            raise forms.ValidationError(
                _("Enter a number such as 4711, or an id such as 0192f0c1-2345-7abc-8def-0123456789ab.")
            ) from error


@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    form = ProofForm(request.GET if "of" in request.GET else None)
    accounts, entries = open_accounts(request), open_entries(request)
    newest = ledger.last_entry()
    context = {
        **admin.site.each_context(request),
        "title": _("Evidence"),
        "form": form,
        "answer": _answered(form, entries, accounts),
        "chain": chain_state.known(),
        "newest": newest,
        "published": newest_publication(),
        "fingerprint": fingerprint(signing_key().public_key()) if newest else "",
        "accounts": accounts if len(accounts) > 1 else [],
        "runs": _page_of_runs(request, entries),
    }
    return render(request, "admin/privacy/evidence/proof.html", context)


@require_safe
def public_key(request: HttpRequest) -> HttpResponse:
    """Hand over the key with which anybody can verify the ledger; there is none before its first entry."""
    if ledger.last_entry() is None:
        raise Http404
    return HttpResponse(
        public_key_pem(),
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="lethe-ledger-key.pem"'},
    )


def account_of(entry: LedgerEntry) -> Account | None:
    return Account.objects.filter(pk=entry.account_id).first()


def zone_of(account: Account | None) -> tzinfo:
    return account.zone if account else UTC


def _answered(form: ProofForm, entries, accounts) -> Answer | None:
    if not form.is_valid():
        return None
    what = form.cleaned_data["of"]
    try:
        proven = prove(what, among=entries)
    except NothingErased as error:
        if isinstance(what, UUID) and (said := explain_id(what, account_ids=accounts.values("pk"))):
            return still_here(said)
        form.add_error("of", REFUSALS[type(error)])
        return None
    return answer(proven, zone_of(account_of(proven.entry)))


def _page_of_runs(request: HttpRequest, entries) -> Page:
    """Return a page of runs, with the name of each account and what was erased in words."""
    chosen = request.GET.get("account", "")
    if chosen.isdecimal():
        entries = entries.filter(account_id=int(chosen))
    page = Paginator(runs(entries), RUNS_A_PAGE).get_page(request.GET.get("page"))
    names = Account.objects.in_bulk({run.account_id for run in page if run.account_id})
    for run in page:
        run.account = names.get(run.account_id)
        run.finished_at = moment_in_words(run.params["finished"], zone_of(run.account))
        run.erased = [(category_in_words(code), number) for code, number in counts_of(run).items() if number]
    return page
