"""What a customer's site embeds: the loader, and the page inside its frame."""

import hashlib
import json
from functools import cache, partial
from pathlib import Path

from csp.constants import NONE
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_GET, require_safe

from chat.views.access import account_of, for_visitors, switched_off
from chat.views.starting import start_screen
from helpdesk.brand import LIGHT, OURS, accents_of, fill_of
from helpdesk.languages import chosen_language
from helpdesk.models import Account
from helpdesk.text import without_turns

LOADER = Path(__file__).parent.parent / "loader.js"
LOADER_SECONDS = 300  # how long a changed name or a new loader may take to reach a page


def _etag(request: HttpRequest, public_id: str) -> str:
    return f'"{hashlib.sha256(_script(request, public_id)).hexdigest()[:24]}"'


@login_not_required
@require_safe
@condition(etag_func=_etag)
def loader(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send the script that draws the launcher; the same to everybody, whoever asks by whatever host."""
    response = HttpResponse(_script(request, public_id), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={LOADER_SECONDS}, stale-while-revalidate=86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = (
        "*"  # a site's own script may import it, after the page has loaded
    )
    return response


@require_GET
@xframe_options_exempt
@partial(for_visitors, even_off=True)
def chat_page(request: HttpRequest, account: Account) -> HttpResponse:
    """Show what a chat begins with, to be framed by the account's own sites and by nobody else.

    An account that is switched off may be framed too: by a page that waits until it is on again.
    """
    if account.is_active:
        response = render(request, "chat/page.html", start_screen(account))
    else:
        response = switched_off(render(request, "chat/away.html", {"account": account}))
    response._csp_replace = {"frame-ancestors": account.origins or [NONE]}
    return response


def _script(request: HttpRequest, public_id: str) -> bytes:
    """Return the loader with the account's configuration as its one argument.

    Of an account that is switched off too: a chat that was begun goes on once it is on again.
    """
    account = account_of(public_id, even_off=True)
    given = json.dumps(_configuration(account, chosen_language(request)), ensure_ascii=False)
    for separator in ("\u2028", "\u2029"):  # to older browsers they end a line, even inside a string
        given = given.replace(separator, f"\\u{ord(separator):x}")
    return f"try {{\n{_program()}({given});\n}} catch (error) {{ console.warn(error); }}\n".encode()


@cache
def _program() -> str:
    """Return the loader without its comments and the spaces before its lines."""
    lines = [line.strip() for line in LOADER.read_text().splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _configuration(account: Account, language: str) -> dict[str, str]:
    fill = fill_of(account.brand_colour or OURS)
    chosen = f"?language={language}" if language else ""
    with translation.override(language or account.language):
        return {
            "id": account.public_id,
            "origin": settings.LETHE_EMBED_URL,
            "lang": language or account.language,
            "dir": "rtl" if translation.get_language_bidi() else "ltr",
            "fill": fill.colour,
            "ink": fill.ink,
            "hover": fill.hover,
            "edge": accents_of(fill.colour, LIGHT).edge,
            "page": reverse("chat_page", args=[account.public_id]) + chosen,
            "open": _("Chat with us"),
            "hide": _("Hide the chat"),
            "title": _("Chat with %(name)s") % {"name": without_turns(account.name)},
            "unread": _("New messages in the chat: %(count)s") % {"count": "{count}"},
            "away": _("The chat can't be reached right now. Please try again later."),
        }
