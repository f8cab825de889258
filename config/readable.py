"""A form is UTF-8, as every browser sends it."""

import codecs
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


class ReadableFormMiddleware:
    """Answer 400 to a form in another character set.

    Django decodes with whatever codec the request names. Some make halves of characters, which no page and no
    database can hold, and some are no character set at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.content_type == "multipart/form-data" and not is_readable(request):
            raise BadRequest("The form isn't UTF-8.")
        return self.get_response(request)


def is_readable(request: HttpRequest) -> bool:
    """Tell whether the form, and each of its parts, is in UTF-8."""
    if request.encoding and codecs.lookup(request.encoding).name != "utf-8":
        return False
    try:
        return request.POST is not None
    except LookupError:  # of a part, whose header may name a codec too
        return False
