"""The rating of a chat that somebody else ended: it comes without the chat's token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from chat.forms import EndForm
from chat.services.ratings import AlreadyRated, RatingRefused, rate
from chat.views.access import for_visitors
from helpdesk.models import Account


@require_POST
@for_visitors
def chat_rating(request: HttpRequest, account: Account) -> HttpResponse:
    """Count a rating once for each ticket, and say so in the place of the form."""
    form = EndForm(request.POST)
    rating = form.cleaned_data["rating"] if form.is_valid() else None
    if rating is None:
        return _answer(request, "unreadable", status=422)
    try:
        rate(account=account, ticket=request.POST.get("ticket", ""), rating=rating)
    except RatingRefused:
        return _answer(request, "refused", status=403)
    except AlreadyRated:
        return _answer(request, "again", status=409)
    return _answer(request, "counted", status=201)


def _answer(request: HttpRequest, outcome: str, *, status: int) -> HttpResponse:
    return render(request, "chat/visitor/_rate.html", {"outcome": outcome}, status=status)
