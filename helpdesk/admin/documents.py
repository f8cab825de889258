"""Receipts and certificates: a page that prints well, and downloads that are noted in the ledger."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.admin.proof import account_of, zone_of
from helpdesk.admin.scope import open_entries
from privacy.services.evidence.issuing import NotInChain, issue, issue_copy
from privacy.services.evidence.ledger_words import (
    category_in_words,
    moment_in_words,
    reason_in_words,
    rule_in_words,
    version_in_words,
)
from privacy.services.evidence.receipts import (
    BEGUN,
    Document,
    NoCertificate,
    NoReceipt,
    category_of,
)

LISTED = 100  # erasures on paper; the JSON document has all of them
SHEET = "css/pages/document.css"


@require_safe
def document(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    try:
        shown = issue(kind, number, among=open_entries(request))
    except (NoReceipt, NoCertificate) as error:
        raise Http404 from error
    except NotInChain:
        return _refused(request, number)
    context = {**admin.site.each_context(request), **_context(shown), "on_screen": True}
    return render(request, f"admin/privacy/evidence/{kind}.html", context)


@require_POST
def download(request: HttpRequest, kind: str, number: int, form: str) -> HttpResponseBase:
    try:
        taken = issue_copy(kind, number, among=open_entries(request), form=form, by=request.user)
    except (NoReceipt, NoCertificate) as error:
        raise Http404 from error
    except NotInChain:
        return _refused(request, number)
    name = f"lethe-{kind}-{taken.number}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "json":
        return StreamingHttpResponse(taken.as_json(), content_type="application/json", headers=headers)
    return HttpResponse(_alone(taken), headers=headers)


def _refused(request: HttpRequest, number: int) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("This document is not issued"),
        "number": number,
    }
    return render(request, "admin/privacy/evidence/not_issued.html", context, status=409)


def _alone(taken: Document) -> str:
    """Return a document as one file: whoever keeps it has our style sheet nowhere else."""
    found = finders.find(SHEET)
    with open(str(found), encoding="utf-8") as file:
        sheet = mark_safe(f"<style>{file.read()}</style>")  # noqa: S308 (a file of ours)
    return render_to_string(f"admin/privacy/evidence/{taken.kind}.html", {**_context(taken), "sheet": sheet})


def _context(shown: Document) -> dict[str, Any]:
    account, said = account_of(shown.entry), shown.summary
    zone = zone_of(account)
    moments = {
        name: moment_in_words(said[name], zone) for name in said if name.endswith("_at") and said[name]
    }
    return {
        "document": shown,
        "account": account,
        "number": shown.number,
        "said": {**said, **moments},
        "policy": version_in_words(said["policy_version"]),
        "head_at": moment_in_words(shown.head["at"], zone),
        **(_context_of_run(shown, zone) if shown.kind == "receipt" else _context_of_erasure(shown)),
    }


def _context_of_run(shown: Document, zone) -> dict[str, Any]:
    return {
        "title": _("Receipt %(number)d") % {"number": shown.number},
        "counts": [(category_in_words(code), number) for code, number in shown.summary["counts"].items()],
        "total": sum(shown.summary["counts"].values()),
        "erasures": list(_listed(shown, zone)),
        "unlisted": max(0, shown.summary["erasures"] - LISTED),
    }


def _context_of_erasure(shown: Document) -> dict[str, Any]:
    said = shown.summary
    return {
        "title": _("Certificate %(number)d") % {"number": shown.number},
        "category": category_in_words(said["category"]),
        "reason": reason_in_words(said["reason"]),
        "rule": rule_in_words(said),
    }


def _listed(shown: Document, zone) -> Iterator[dict[str, Any]]:
    listed = 0
    for entry in shown.entries:
        if entry.action == BEGUN:
            yield {
                "number": entry.seq,
                "at": moment_in_words(entry.at, zone),
                "category": category_in_words(category_of(entry)),
                "reason": reason_in_words(entry.params["reason"]),
                **{name: entry.params[name] for name in ("units", "files")},
                "keys": len(entry.params["keys"]),
            }
            listed += 1
            if listed == LISTED:
                return
