"""The bell: it rings after the commit, and carries ids only."""

import json
import logging
import time

import pytest
import redis
from django.db import transaction

from chat import bell
from chat.services.conversations import accept_chat, end_chat
from chat.services.messages import post_message
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(settings):
    """What this process hears of its own rings, without Redis."""
    settings.LETHE_REDIS_URL = ""
    rings = []
    bell.listen(rings.append)
    yield rings
    bell.unlisten(rings.append)


def test_bell_rings_after_the_commit(heard, start, account):
    chat = start(account).conversation
    heard.clear()

    with transaction.atomic():
        post_message(conversation=chat, side="visitor", body="Hello?")
        before = list(heard)

    assert before == []
    assert heard == [{"chat": chat.pk.hex, "account": account.pk, "seq": 2}]


def test_bell_is_silent_about_what_was_rolled_back(heard, start, account):
    chat = start(account).conversation
    heard.clear()

    with transaction.atomic():
        post_message(conversation=chat, side="visitor", body="Hello?")
        transaction.set_rollback(True)

    assert heard == []


def test_bell_carries_no_words_and_no_names(heard, start, account, agent):
    chat = start(account, "Where is my order?").conversation
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", body="On its way.", agent=agent)
    bell.ring_typing(chat.pk, account_id=account.pk, side="visitor")
    end_chat(conversation=chat, side="visitor", rating=5)

    assert len(heard) >= 8
    assert {name for ring in heard for name in ring} == {"chat", "account", "seq", "queue", "typing"}
    values = [value for ring in heard for value in ring.values()]
    allowed = {chat.pk.hex, account.pk, True, None, "visitor", *range(1, 5)}
    assert [value for value in values if value not in allowed] == []


def test_listener_that_fails_undoes_nothing(heard, start, account):
    chat = start(account).conversation

    def fails(ring):
        raise RuntimeError

    bell.listen(fails)
    try:
        entry = post_message(conversation=chat, side="visitor", body="Hello?")
    finally:
        bell.unlisten(fails)

    assert chat.messages.get(seq=2).pk == entry.pk


def test_redis_that_is_away_delays_nobody(heard, settings, start, account, caplog):
    settings.LETHE_REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    chat = start(account).conversation
    heard.clear()

    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        post_message(conversation=chat, side="visitor", body="Hello?")

    assert time.monotonic() - began < 2
    assert heard == [{"chat": chat.pk.hex, "account": account.pk, "seq": 2}]
    assert "The bell rings in this process only" in caplog.text


@pytest.mark.postgres
def test_redis_hears_the_same(start, account, settings):
    with redis.Redis.from_url(settings.LETHE_REDIS_URL) as client, client.pubsub() as pubsub:
        pubsub.subscribe(bell.channel())
        assert pubsub.get_message(timeout=5)["type"] == "subscribe"

        chat = start(account).conversation

        rings = [json.loads(pubsub.get_message(timeout=5)["data"]) for _ in range(2)]
        assert {"chat": chat.pk.hex, "account": account.pk, "seq": 1} in rings
        assert {"account": account.pk, "queue": True} in rings


def test_deployments_that_share_a_redis_ring_apart(settings):
    ours = bell.channel()

    settings.SECRET_KEY = "another deployment " * 5

    assert bell.channel() != ours
