"""Every page is closed unless it is marked: to the anonymous, and to people outside their allowlist."""

import logging
import secrets

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from helpdesk.client_ip import address_of
from helpdesk.permissions import View, admitted, ask_to_sign_in

logger = logging.getLogger(__name__)


class AccountAccessMiddleware:
    """Ask everybody to sign in, and refuse people who work from outside their account's allowlist.

    Pages that are for everybody are marked with Django's ``login_not_required`` and stay open: visitors,
    health, sign-in and sign-out. A page that nobody marked is closed.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        if not request.user.is_authenticated:
            if SESSION_KEY in request.session:  # of somebody who was switched off meanwhile
                request.session.flush()
            return ask_to_sign_in(request)
        if admitted(request.user, address_of(request)):
            return None
        return refused(request)


def refused(request: HttpRequest) -> HttpResponse:
    """Answer 403 with a reference to ask the account's manager about, and nothing of the account."""
    reference = secrets.token_hex(4)
    logger.warning("Refused from outside the allowlist: reference %s, user %s", reference, request.user.pk)
    if request.accepts("text/html"):
        return render(request, "registration/outside.html", {"reference": reference}, status=403)
    return JsonResponse({"error": "outside_allowlist", "reference": reference}, status=403)
