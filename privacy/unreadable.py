"""The page for what can't be read: a key was lost, so nothing of it can be shown, answered or saved."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from privacy.encryption.errors import KeyLost

log = logging.getLogger(__name__)


class LostKeyMiddleware:
    """Answer 503 with a page that says so where a view needs a key that is lost.

    Lists and threads show what is lost in its place and never come here; see
    :func:`privacy.encryption.rows.share_keys`.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, KeyLost):
            return None
        log.error("%s", exception)
        return render(request, "privacy/unreadable.html", status=503)
