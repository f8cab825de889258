"""The front door."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the way in; in a deployment that is no demonstration, that is the sign-in page."""
    if not settings.LETHE_DEMO:
        return redirect("sign_in")
    return render(request, "home.html", {"shop": f"{settings.LETHE_DEMO_ORIGIN}/demo/"})
