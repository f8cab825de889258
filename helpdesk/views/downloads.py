"""Files of other people, handed over in a way that no browser opens or runs."""

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from helpdesk.models.stored_file import StoredFile
from helpdesk.services.files import content_of


def send_file(file: StoredFile) -> HttpResponse:
    """Answer with a file as a download: never shown in the page, never guessed at, never cached."""
    try:
        content = content_of(file)
    except FileNotFoundError as error:
        raise Http404 from error
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, file.name) or "attachment",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        },
    )
