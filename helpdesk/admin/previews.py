"""What visitors will read, while the manager still types."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from helpdesk.models import Account
from helpdesk.services.retention import hypothetical
from privacy.categories import Category
from privacy.services.rehearsal import count_due
from privacy.terms import Rule, Term, Unit


class NoticePreviewForm(forms.Form):
    consent_required = forms.BooleanField(required=False)
    notice_text = forms.CharField(required=False, max_length=2000)
    policy_url = forms.URLField(required=False, assume_scheme="https")


class TermForm(forms.Form):
    """One category's rule as it stands on the page; the amount counts for one of the rules only."""

    rule = forms.ChoiceField(choices=Rule)
    amount = forms.IntegerField(min_value=1, max_value=1200, required=False)
    unit = forms.ChoiceField(choices=Unit, required=False)

    def term(self) -> Term | None:
        if not self.is_valid():
            return None
        chosen = self.cleaned_data
        if chosen["rule"] == Rule.AFTER and not (chosen["amount"] and chosen["unit"]):
            return None
        return Term(chosen["rule"], chosen["amount"] or 1, chosen["unit"] or Unit.DAYS)


def preview(request: HttpRequest, account: Account, part: str) -> HttpResponse:
    """Answer with one part of the page as it would be for visitors; nothing is saved."""
    if part == "consent":
        form = NoticePreviewForm(request.POST)
        form.is_valid()
        return render(
            request, "admin/helpdesk/account/_consent_preview.html", {**form.cleaned_data, "account": account}
        )
    if part in {Category.CHAT, Category.TICKET}:
        names = {name: request.POST.get(f"{part}_{name}", "") for name in ("rule", "amount", "unit")}
        return render(
            request, "admin/helpdesk/account/_term_preview.html", told(account, part, TermForm(names).term())
        )
    raise Http404


def told(account: Account, category: str, term: Term | None) -> dict[str, object]:
    """Return what visitors will read about a term, in their language, and how much it would erase now."""
    if term is None:
        return {"sentence": "", "doomed": 0}
    with override(account.language):
        if term.rule == Rule.KEEP:
            sentence = _("Kept until somebody deletes it")
        else:
            sentence = _("Erased %(when)s") % {"when": term.in_words()}
    now = timezone.now()
    return {
        "sentence": sentence,
        "category": category,
        "doomed": count_due(hypothetical(account, category, term), now),
        "language": account.language,
    }
