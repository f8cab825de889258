"""What visitors will read and what the purge will take, while the manager still types."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override

from helpdesk.admin.policy_versions import versions_of
from helpdesk.admin.presets import presets_for
from helpdesk.admin.rehearsals import chip_of, shown, told_to_visitors
from helpdesk.admin.retention_tab import RetentionTab, chosen_plan
from helpdesk.admin.scope import is_operator
from helpdesk.brand import OURS, fill_of, reached_by
from helpdesk.colours import contrast
from helpdesk.forms.texts import TextsField
from helpdesk.models import Account
from helpdesk.models.accounts import validate_colour
from privacy.models import Basis, Mechanism
from privacy.texts import in_language

PARTS = "admin/helpdesk/account"


class NoticePreviewForm(forms.Form):
    consent_mechanism = forms.ChoiceField(choices=Mechanism, required=False)
    consent_together = forms.BooleanField(required=False)
    consent_introduction = TextsField(required=False)
    billboard = TextsField(required=False)
    policy_url = forms.URLField(required=False, assume_scheme="https")


def preview(request: HttpRequest, account: Account, part: str) -> HttpResponse:
    """Answer with one part of the page as it would be; nothing is saved."""
    if part == "consent":
        form = NoticePreviewForm(request.POST)
        form.is_valid()
        return render(request, f"{PARTS}/_consent_preview.html", consent_page(account, form.cleaned_data))
    if part == "page":
        colours = colour_preview(request.POST.get("brand_colour"))
        return render(request, f"{PARTS}/_page_preview.html", {**colours, "original": account})
    if part == "retention":
        plan = chosen_plan(request.POST) if is_operator(request) else None
        tab = RetentionTab(account, request.POST, asks=False, plan=plan)
        return render(request, f"{PARTS}/_rehearsal.html", {**shown(tab), "live": True})
    raise Http404


def consent_page(account: Account, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the tab of consent shows beside its controls, for what is chosen there."""
    purposes = list(account.purposes.declared())
    rest_on_consent = [purpose for purpose in purposes if purpose.basis == Basis.CONSENT]
    mechanism = chosen.get("consent_mechanism") or account.consent_mechanism
    with override(account.language):
        return {
            "account": account,
            "mechanism": str(mechanism),
            "together": chosen.get("consent_together") and len(rest_on_consent) > 1,
            "opening": in_language(chosen.get("consent_introduction") or {}, account.language),
            "billboard": in_language(chosen.get("billboard") or {}, account.language),
            "policy_url": chosen.get("policy_url") or "",
            "asked": [
                (in_language(each.questions, account.language), each.is_required) for each in rest_on_consent
            ],
        }


def colour_preview(typed: str | None) -> dict[str, Any]:
    """Return how the pages would look in a colour, and how well that is read; in ours where none is typed."""
    colour = (typed or OURS).strip()
    try:
        validate_colour(colour)
    except ValidationError as refused:
        return {"colour_refused": " ".join(refused.messages)}
    fill = fill_of(colour)
    return {"fill": fill, "on_fill": contrast(*fill[:2]), "themes": reached_by(colour), "is_ours": not typed}


def retention_page(tab: RetentionTab, request: HttpRequest) -> dict[str, Any]:
    """Return what the tab of retention shows beside its controls.

    The rehearsal stands in the page where it was asked for; otherwise it is fetched once the tab is seen.
    """
    asked = tab.preset is not None or tab.change.is_bound
    rehearsed = shown(tab) if asked else {"told": [(row, "") for row in tab.rows]}
    return {
        "retention": tab,
        "rows": [
            (row, told_to_visitors(tab, row.in_force), told, *chip_of(row, tab))
            for row, told in rehearsed["told"]
        ],
        "presets": presets_for(tab),
        "policy_versions": versions_of(tab.account, tab.now),
        **rehearsed,
    }
