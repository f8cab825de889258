"""The archive in the agents' pages: numbers and dates for those who are named, words for one look."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk.archive import find_archived, read_archive, read_opened, read_openings
from helpdesk.forms.archive import OpeningForm, ReadersForm
from helpdesk.permissions import agent_required, names_readers, reads_archive
from helpdesk.services.archive import NotInArchive, open_archived, set_readers
from helpdesk.views.downloads import send_file


@agent_required
@never_cache
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """Show what is in the archive to its readers, and to the owner who they are and what they opened."""
    return _page(request)


@agent_required
@never_cache
@require_POST
def archive_readers(request: HttpRequest) -> HttpResponse:
    account = request.user.account
    if not names_readers(request.user, account):
        raise PermissionDenied
    form = ReadersForm(account, request.POST)
    if not form.is_valid():
        return _page(request, form)
    set_readers(account=account, people=form.cleaned_data["people"], by=request.user)
    messages.success(request, _("Saved. It counts from now on."))
    return redirect("archive")


@agent_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def archive_open(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Ask for the purpose, then show the words in the answer to that one request."""
    row = _found(request, kind, pk)
    form = OpeningForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"row": row, "kind": kind, "form": form}
        return render(request, "archive/ask.html", context, status=422 if form.is_bound else 200)
    purpose = form.cleaned_data["purpose"]
    opened = read_opened(_open(request, kind, pk, purpose), user=request.user)
    return render(request, "archive/opened.html", {"opened": opened, "purpose": purpose})


@agent_required
@never_cache
@require_POST
def archive_file(request: HttpRequest, kind: str, pk: UUID, file_pk: UUID) -> HttpResponse:
    """Hand over a file of a chat or ticket; that is an opening like every other."""
    row = _found(request, kind, pk)
    file = get_object_or_404(row.files, pk=file_pk)
    form = OpeningForm(request.POST)
    if not form.is_valid():
        return render(request, "archive/ask.html", {"row": row, "kind": kind, "form": form}, status=422)
    _open(request, kind, pk, form.cleaned_data["purpose"])
    return send_file(file)


def _found(request: HttpRequest, kind: str, pk: UUID):
    row = find_archived(request.user.account, kind=kind, pk=pk) if reads_archive(request.user) else None
    if row is None:
        raise Http404
    return row


def _open(request: HttpRequest, kind: str, pk: UUID, purpose: str):
    try:
        return open_archived(kind=kind, pk=pk, by=request.user, purpose=purpose)
    except NotInArchive as error:
        raise Http404 from error


def _page(request: HttpRequest, form: ReadersForm | None = None) -> HttpResponse:
    account = request.user.account
    names, reads = names_readers(request.user, account), reads_archive(request.user)
    context = {
        "listed": read_archive(account, kind=request.GET.get("kind", ""), page=request.GET.get("page", "1"))
        if reads
        else None,
        "form": (form or ReadersForm(account)) if names else None,
        "openings": read_openings(account) if names else [],
    }
    status = 422 if form else 200 if names or reads else 403
    return render(request, "archive/list.html", context, status=status)
