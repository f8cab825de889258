"""Why something is still here, and its holds: one page for chats and tickets."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from helpdesk.forms.hold import HoldHereForm, ReleaseForm
from helpdesk.kept import read_kept
from helpdesk.permissions import may_hold
from privacy.services.erasing.holds import NotInForce, UnitGone, holds_on, place_hold, release_hold


@dataclass(frozen=True)
class Place:
    """Where a unit is shown: its name, its person, and the addresses of its pages."""

    unit: Any
    person: Model
    title: str
    stem: str  # of the addresses: ``ticket`` or ``chat``
    overview: str  # where one goes when the unit is gone

    @property
    def page(self) -> str:
        return reverse(f"{self.stem}_kept", args=[self.unit.pk])

    @property
    def back(self) -> str:
        return reverse(f"{self.stem}_detail", args=[self.unit.pk])

    @property
    def place_url(self) -> str:
        return reverse(f"{self.stem}_hold", args=[self.unit.pk])

    @property
    def release_name(self) -> str:
        return f"{self.stem}_hold_release"


def kept(request: HttpRequest, at: Place) -> HttpResponse:
    """Show why a unit is still here, its holds, and the form for another one."""
    return _page(request, at)


def hold(request: HttpRequest, at: Place) -> HttpResponse:
    """Place a hold on a unit, or on everything of its person."""
    if not may_hold(request.user):
        raise PermissionDenied
    form = HoldHereForm(request.POST)
    if not form.is_valid():
        return _page(request, at, form=form)
    decided = dict(form.cleaned_data)
    unit = at.person if decided.pop("of") == HoldHereForm.ON_PERSON else at.unit
    try:
        place_hold(unit=unit, by=request.user, **decided)
    except UnitGone:
        messages.error(request, _("It was erased a moment ago, so it can't be put on hold."))
        return redirect(at.overview)
    messages.success(request, _("On hold: nothing of it is erased until the hold is released."))
    return redirect(at.page)


def release(request: HttpRequest, at: Place, hold_pk: int) -> HttpResponse:
    """Release one of the holds on a unit or its person; what was due is erased."""
    if not may_hold(request.user):
        raise PermissionDenied
    held, form = get_object_or_404(holds_on(at.unit), pk=hold_pk), ReleaseForm(request.POST)
    if not form.is_valid():
        bound = ReleaseForm(request.POST, auto_id=f"release-{hold_pk}-%s")
        return _page(request, at, release=bound, released=hold_pk)
    try:
        release_hold(hold=held, by=request.user, reason=form.cleaned_data["reason"])
    except NotInForce:
        messages.info(request, _("Somebody released this hold a moment ago."))
        return redirect(at.page)
    if not type(at.unit).objects.filter(pk=at.unit.pk).exists():
        messages.success(request, _("The hold is released, and what was due is erased."))
        return redirect(at.overview)
    messages.success(request, _("The hold is released: the rule counts again."))
    return redirect(at.page)


def _page(
    request: HttpRequest,
    at: Place,
    *,
    form: Form | None = None,
    release: Form | None = None,
    released: int | None = None,
) -> HttpResponse:
    read = read_kept(at.unit, user=request.user)
    for each in read.holds:
        if each.pk == released:
            each.release_form = release
    context = {"at": at, "kept": read, "form": form or HoldHereForm(), "invalid": form or release}
    return render(request, "agent/kept.html", context, status=422 if form or release else 200)
