"""A rating after the end: with a ticket of the chat, once, and without a trace of the chat or the person."""

from datetime import timedelta

import pytest
import redis
from django.core import signing
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from freezegun import freeze_time

from chat.models import Conversation
from chat.services.conversations import end_chat
from chat.services.ratings import SALT, rating_ticket
from privacy.categories import Category
from privacy.models import DailyCount
from privacy.terms import Rule
from tests import factories
from tests.chat.visiting import OTHER_TOKEN, TOKEN, answers, visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_rated_yet():
    cache.clear()


@pytest.fixture
def chat(account) -> Conversation:
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    return factories.chat(account, token=TOKEN)


@pytest.fixture
def ticket(chat, account) -> str:
    return visit("visitor_conversation", account)["X-Rating-Ticket"]


def ratings() -> dict[str, int]:
    counted = DailyCount.objects.filter(name__startswith="chat_rating")
    return dict(counted.values_list("name", "value"))


def rate(account, ticket: str, rating: str = "4"):
    return visit("chat_rating", account, token=None, data={"rating": rating, "ticket": ticket})


def test_chat_that_the_agent_ended_is_rated_after_it_is_erased(chat, account, ticket):
    end_chat(conversation=chat, side="agent")
    assert not Conversation.objects.exists()

    response = rate(account, ticket)

    assert response.status_code == 201
    assert "Thank you, your rating is counted." in response.content.decode()
    assert ratings() == {"chat_rating_4": 1}


def test_chat_that_is_kept_and_rated_says_nothing_of_it(chat, account, ticket):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    end_chat(conversation=chat, side="agent")
    before = Conversation.objects.values().get()

    assert rate(account, ticket).status_code == 201

    assert Conversation.objects.values().get() == before
    assert before["token_hash"] not in ticket
    assert TOKEN not in ticket


def test_ticket_comes_with_the_start_too(account):
    response = visit("chat_start", account, token=None, data=answers())

    assert rate(account, response["X-Rating-Ticket"]).status_code == 201


def test_same_ticket_is_counted_once(account, ticket):
    statuses = [rate(account, ticket, rating).status_code for rating in "445"]

    assert statuses == [201, 409, 409]
    assert ratings() == {"chat_rating_4": 1}


def test_every_ticket_of_a_chat_is_the_same_one(chat, account, ticket):
    with freeze_time(timezone.now() + timedelta(hours=1)):
        other = visit("visitor_conversation", account)["X-Rating-Ticket"]

        statuses = [rate(account, one).status_code for one in (ticket, other)]

    assert ticket != other
    assert statuses == [201, 409]


def test_rating_of_the_dialog_is_the_only_one(chat, account, ticket):
    visit("visitor_end", account, data={"rating": "5"})

    assert rate(account, ticket, "1").status_code == 409
    assert ratings() == {"chat_rating_5": 1}


def test_end_without_a_rating_leaves_it_open(chat, account, ticket):
    visit("visitor_end", account, data={})

    assert rate(account, ticket).status_code == 201
    assert ratings() == {"chat_rating_4": 1}


def test_rating_of_the_dialog_counts_where_the_agent_was_quicker(chat, account):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    end_chat(conversation=chat, side="agent")

    visit("visitor_end", account, data={"rating": "2"})
    visit("visitor_end", account, data={"rating": "3"})

    assert ratings() == {"chat_rating_2": 1}


def test_chat_is_ended_and_rated_while_the_cache_is_away(chat, account, monkeypatch):
    def away(*args, **kwargs):
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "add", away)

    assert visit("visitor_end", account, data={"rating": "5"}).status_code == 200
    assert not Conversation.objects.exists()
    assert ratings() == {"chat_rating_5": 1}


@pytest.mark.parametrize("rating", ["", "0", "6", "-1", "4.5", "x", "44", "4\x00"])
def test_rating_out_of_range_is_refused_and_the_ticket_stays_good(account, ticket, rating):
    response = rate(account, ticket, rating)

    assert response.status_code == 422
    assert "Please choose a number from 1 to 5." in response.content.decode()
    assert rate(account, ticket).status_code == 201


def test_ticket_is_refused_after_a_day(account, ticket):
    with freeze_time(timezone.now() + timedelta(hours=24, seconds=2)):
        assert rate(account, ticket).status_code == 403

    assert ratings() == {}


def test_ticket_of_another_account_is_refused(account, other_account, ticket):
    foreign = rating_ticket(account=other_account, token=OTHER_TOKEN)

    assert rate(account, foreign).status_code == 403
    assert rate(other_account, ticket).status_code == 403
    assert ratings() == {}


def test_forged_ticket_is_refused(account, ticket):
    payload, rest = ticket.split(":", 1)
    other = signing.dumps([account.pk, "1"], salt=SALT).split(":", 1)[0]
    forged = [
        "",
        ":",
        payload,
        f"{other}:{rest}",
        ticket[:-1],
        ticket + "a",
        signing.dumps([account.pk, "1"], salt="other"),
        signing.dumps([account.pk, "1"], salt=SALT, key="guess"),
        "é" * 50,
        "\x00",
        "x" * 100_000,
    ]

    assert {rate(account, one).status_code for one in forged} == {403}
    assert ratings() == {}


def test_rating_needs_an_account_that_is_there(account, ticket):
    address = reverse("chat_rating", args=["nobody"])
    account.is_active = False
    account.save()

    assert visit("chat_rating", account, data={"rating": "4", "ticket": ticket}).status_code == 404
    assert address.startswith("/chat/nobody/")


def test_answer_sets_no_cookie_and_is_kept_nowhere(account, ticket):
    response = rate(account, ticket)

    assert response.cookies == {}
    assert "no-store" in response["Cache-Control"]


def test_over_screen_offers_the_rating(chat, account):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    end_chat(conversation=chat, side="agent")

    pages = [visit("visitor_conversation", account), visit("chat_page", account, token=None)]

    assert [page.content.decode().count('data-form="rate"') for page in pages] == [1, 1]
