"""The visitor's consent while they chat: asked again, taken home, taken back."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from chat.models import Conversation
from chat.services.consent import agree_again, withdraw
from chat.services.messages import ChatEnded
from chat.views.access import for_visitor_of_chat
from chat.views.visitor import pane, what_is_left
from helpdesk.forms.consent import ConsentForm
from privacy.services.people.consent import ConsentMissing
from privacy.services.people.consent_copy import consent_in_words, copy_of_consent


@require_POST
@for_visitor_of_chat
def visitor_agree(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Take the answers to a notice that has changed, and show the chat, which goes on."""
    form = ConsentForm(chat.account, request.POST, auto_id="again_%s")
    if form.is_valid():
        try:
            agree_again(conversation=chat, given=form.given)
        except ConsentMissing:
            form.refuse_consent()
        except ChatEnded:
            return HttpResponse(status=410)
        else:
            chat.refresh_from_db()
            return pane(request, chat)
    return render(
        request, "chat/visitor/_ask_again.html", {"account": chat.account, "form": form}, status=422
    )


@require_POST
@for_visitor_of_chat
def visitor_withdraw(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Take the consent back, end the chat, and tell what is erased."""
    withdraw(conversation=chat)
    context = {"account": chat.account, "withdrawn": True, **what_is_left(chat)}
    return render(request, "chat/visitor/_ended.html", context)


@require_GET
@for_visitor_of_chat
def visitor_consent_copy(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Send a copy of what the visitor answered: as data with ``?as=json``, else as text."""
    whose = {"account": chat.account, "person": chat.contact}
    if request.GET.get("as") == "json":
        return JsonResponse(copy_of_consent(**whose), json_dumps_params={"ensure_ascii": False, "indent": 2})
    return HttpResponse(consent_in_words(**whose), content_type="text/plain; charset=utf-8")
