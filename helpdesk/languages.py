"""The language of a visitor's page: the visitor's own where the site speaks it, else the account's."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from helpdesk.models import Account


def language_for(request: HttpRequest, account: Account | None = None) -> str:
    """Return the code of the first language that the visitor's browser asks for and the site speaks.

    ``?language=fr`` chooses one for a page. Where none fits it is the account's, or the site's own.
    """
    spoken = dict(settings.LANGUAGES)
    chosen = chosen_language(request)
    if chosen:
        return chosen
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        for code in (wanted, wanted.partition("-")[0]):
            if code in spoken:
                return code
    return account.language if account else settings.LANGUAGE_CODE


def chosen_language(request: HttpRequest) -> str:
    """Return what the address says, such as ``?language=fr``; empty for no language of the site."""
    chosen = request.GET.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else ""


def in_browsers_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view whose address names no account speak the language that its visitor reads."""

    @wraps(view)
    def spoken(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        with translation.override(language_for(request)):
            return view(request, *args, **named)

    return spoken


def in_visitors_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the account of its address, and the language that its visitor reads."""

    @wraps(view)
    def spoken(request: HttpRequest, public_id: str, **named: object) -> HttpResponse:
        account = get_object_or_404(Account, public_id=public_id)
        with translation.override(language_for(request, account)):
            response = view(request, account, **named)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return spoken


def refuse_switched_off(account: Account) -> None:
    """Answer 404 for an account that is switched off: nothing new begins there."""
    if not account.is_active:
        raise Http404
