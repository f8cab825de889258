"""The list of holds and what is done there, for the admin and the agents' pages alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from helpdesk.forms.hold import HoldByIdForm, ReleaseForm, ReviewForm
from helpdesk.holds import read_holds
from privacy.models import Suspension
from privacy.services.erasing.holds import (
    NotInForce,
    UnitGone,
    place_hold,
    release_hold,
    review_hold,
    unit_with_id,
)


@dataclass(frozen=True)
class Reach:
    """Whose holds somebody sees, and where: ``stem`` begins the names of the addresses."""

    accounts: Any
    stem: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


def listed(request: HttpRequest, reach: Reach) -> HttpResponse:
    return _page(request, reach)


def place(request: HttpRequest, reach: Reach) -> HttpResponse:
    """Place a hold on what has this id, in one of the accounts."""
    form = HoldByIdForm(request.POST)
    if not form.is_valid():
        return _page(request, reach, form=form)
    decided = dict(form.cleaned_data)
    try:
        unit = unit_with_id(decided.pop("of"), account_ids=reach.accounts.values("pk"))
        place_hold(unit=unit, by=request.user, **decided)
    except UnitGone:
        form.add_error("of", _("Nothing in your accounts has this id: it was erased, or it never was."))
        return _page(request, reach, form=form)
    messages.success(request, _("On hold: nothing of it is erased until the hold is released."))
    return redirect(reach.stem)


def review(request: HttpRequest, reach: Reach, pk: int) -> HttpResponse:
    """Note that a hold still stands."""
    return _done(
        request,
        reach,
        pk,
        ReviewForm,
        lambda hold, said: review_hold(hold=hold, by=request.user, **said),
        _("Noted: the hold still stands."),
    )


def release(request: HttpRequest, reach: Reach, pk: int) -> HttpResponse:
    """Release a hold; what was due is erased."""
    return _done(
        request,
        reach,
        pk,
        ReleaseForm,
        lambda hold, said: release_hold(hold=hold, by=request.user, **said),
        _("The hold is released: the rule counts again, and what is due goes with the next run."),
    )


def _done(
    request: HttpRequest,
    reach: Reach,
    pk: int,
    form_class: type[Form],
    service: Callable[[Suspension, dict[str, Any]], object],
    told: str,
) -> HttpResponse:
    hold = get_object_or_404(Suspension.objects.filter(account__in=reach.accounts), pk=pk)
    stem = "review" if form_class is ReviewForm else "release"
    form = form_class(request.POST, auto_id=f"{stem}-{pk}-%s")
    if not form.is_valid():
        return _page(request, reach, bound=(pk, f"{stem}_form", form))
    try:
        service(hold, form.cleaned_data)
    except NotInForce:
        messages.info(request, _("Somebody released this hold a moment ago."))
        return redirect(reach.stem)
    messages.success(request, told)
    return redirect(reach.stem)


def _page(
    request: HttpRequest,
    reach: Reach,
    *,
    form: Form | None = None,
    bound: tuple[int, str, Form] | None = None,
) -> HttpResponse:
    released = "released" in request.GET
    accounts = reach.accounts
    if (chosen := request.GET.get("account", "")).isdecimal():
        accounts = accounts.filter(pk=int(chosen))
    holds = read_holds(accounts, user=request.user, released=released, page=request.GET.get("page"))
    if bound:
        for hold in holds.object_list:
            if hold.pk == bound[0]:
                setattr(hold, bound[1], bound[2])
    context = {
        **reach.context,
        "holds": holds,
        "released": released,
        "form": form or HoldByIdForm(),
        "invalid": form or (bound and bound[2]),
        "list_url": reach.stem,
        "review_url": f"{reach.stem}_review",
        "release_url": f"{reach.stem}_release",
    }
    return render(request, reach.template, context, status=422 if form or bound else 200)
