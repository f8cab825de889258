"""Who may call the visitor's views: anybody for an active account, then whoever holds a chat's token."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from chat.permissions import conversation_for, is_gone
from helpdesk.languages import language_for
from helpdesk.models import Account

View = Callable[..., HttpResponse]


def account_of(public_id: str, *, even_off: bool = False) -> Account:
    """Return an account that is active, or ``even_off``; answer 404 for any other."""
    account = Account.objects.filter(public_id=public_id).first()
    if account is None or not (account.is_active or even_off):
        raise Http404
    return account


def for_visitors(view: View, *, even_off: bool = False) -> View:
    """Give a view its account; see :func:`_open_to_visitors`."""

    @wraps(view)
    def visited(request: HttpRequest, public_id: str) -> HttpResponse:
        account = account_of(public_id, even_off=even_off)
        with translation.override(language_for(request, account)):
            return view(request, account)

    return _open_to_visitors(visited)


def for_visitor_of_chat(view: View) -> View:
    """Give a view the chat that the token in the request's header opens; 404 for every other token.

    While the account is switched off the answer is 503, whatever the token: a stored chat may come back.
    """

    @wraps(view)
    def visited(request: HttpRequest, public_id: str, **more: UUID) -> HttpResponse:
        chat = conversation_for(public_id, request.headers.get("X-Chat-Token", ""))
        if chat is None:
            return _no_chat(public_id)
        with translation.override(chat.visitors_language):
            try:
                return view(request, chat, **more)
            except ObjectDoesNotExist:
                if is_gone(chat):
                    raise Http404 from None
                raise

    return _open_to_visitors(visited)


def _no_chat(public_id: str) -> HttpResponse:
    if Account.objects.filter(public_id=public_id, is_active=False).exists():
        return switched_off(HttpResponse())
    raise Http404


def switched_off(response: HttpResponse) -> HttpResponse:
    """Make an answer 503, without a line in the log: the operator decided so, and it is no error."""
    response.status_code = 503
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _open_to_visitors(view: View) -> View:
    """Open a view to everybody; nothing of the answer is kept or told to others.

    These views set no cookie and read none, so there is nothing that another site's page could borrow.
    """

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def visited(request: HttpRequest, public_id: str, **more: UUID) -> HttpResponse:
        response = view(request, public_id, **more)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return visited


def comes_from_our_page(request: HttpRequest) -> bool:
    """Tell whether a request comes from the chat page; programs that are no browser send no origin."""
    origin = request.headers.get("Origin")
    here = f"{request.scheme}://{request.get_host()}"
    return origin is None or origin in {here, settings.LETHE_BASE_URL, settings.LETHE_EMBED_URL}
