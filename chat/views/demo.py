"""A page of an invented shop, on an origin of its own, that embeds the chat as a customer's site would."""

from urllib.parse import urlsplit

from csp.constants import SELF
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from chat.demo import DEMO_ID

PAGES = {"": "demo/shop.html", "delivery": "demo/delivery.html", "privacy": "demo/privacy.html"}


@login_not_required
@require_GET
def shop(request: HttpRequest, page: str = "") -> HttpResponse:
    """Show a page of the shop; asked for on the helpdesk's own host, send the browser to the shop's."""
    if not settings.LETHE_DEMO or page not in PAGES:
        raise Http404
    if request.get_host() != urlsplit(settings.LETHE_DEMO_ORIGIN).netloc:
        return redirect(settings.LETHE_DEMO_ORIGIN + request.path)
    context = {
        "embed_url": settings.LETHE_EMBED_URL,
        "base_url": settings.LETHE_BASE_URL,
        "public_id": DEMO_ID,
    }
    response = render(request, PAGES[page], context)
    add_never_cache_headers(response)
    # As strict as a careful shop would be: what the chat needs of its host is these two.
    helpdesk = [settings.LETHE_EMBED_URL]
    response._csp_replace = {"script-src": [SELF, *helpdesk], "frame-src": helpdesk}
    return response
