"""The bot asks before a chat: nothing is stored before the visitor agrees, and nothing without it."""

import logging
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from freezegun import freeze_time

from chat.bot.flow import END, Kind
from chat.bot.walk import SALT
from chat.models import Conversation, Message
from chat.services.flows import switch_bot_off
from helpdesk.models import Account, TechnicalRecord
from privacy.models import Basis, ConsentRecord, Purpose
from privacy.services.people.notices import publish_notice
from tests import factories
from tests.backend import ON_POSTGRES
from tests.chat.bots import Talker, asks_by_bot, publish, step
from tests.chat.visiting import answers, visit

pytestmark = pytest.mark.django_db(databases=["default", "vault"])


def rows() -> dict[str, int]:
    """Return how many rows each table of both databases has."""
    counted = {}
    for alias in ("default", "vault"):
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                counted[f"{alias}.{table}"] = cursor.fetchone()[0]
    return counted


def cached() -> set[str]:
    """Return the name of everything that the cache holds."""
    if not ON_POSTGRES:
        return {str(key) for key in cache._cache}
    return {str(key) for key in redis.Redis.from_url(settings.LETHE_REDIS_URL).scan_iter()}


@pytest.fixture
def asked(account) -> Account:
    """An account whose bot asks one question that is required, and another one that may be refused."""
    Purpose.objects.create(
        account=account,
        key="news",
        names={"en": "News"},
        basis=Basis.CONSENT,
        questions={"en": "May we write to you later?"},
    )
    asks_by_bot(account)
    publish(account)
    account.refusal = {"en": "Call us: 01 23 45."}
    account.save()
    return account


@pytest.fixture
def untouched(asked, caplog):
    """Everything is as before after the test: each table of both databases, the cache, and the log."""
    caplog.set_level(logging.DEBUG)
    cache.add("before", 1)
    before, known = rows(), cached()
    yield asked
    assert rows() == before
    assert cached() == known
    assert [
        record for record in caplog.records if record.name.startswith(("chat", "helpdesk", "privacy"))
    ] == []


def test_page_begins_with_the_first_question_and_no_field(untouched):
    talker = Talker(untouched)

    assert talker.lines == ["Hello!", factories.AGREE]
    assert talker.choices == {"yes": "Yes, I agree", "no": "No"}
    assert "chat_name" not in talker.page
    assert 'data-form="start"' not in talker.page


def test_refusal_leads_to_a_branch_of_its_own_and_stores_nothing(untouched):
    talker = Talker(untouched).answer("no")

    assert talker.lines == ["No", "Then nothing of this is stored. Call us: 01 23 45.", "A pity."]
    assert talker.choices == {"0": "Why?"}
    talker.answer("0")
    assert talker.lines == ["Why?", "The law wants it so."]
    assert talker.choices == {}
    assert "Nothing of it was stored" in talker.page
    assert talker.token == ""


def test_dialogue_goes_on_in_the_language_in_which_it_was_read(asked):
    asked.purposes.filter(key="news").update(questions={"en": "Later?", "de": "Sp\u00e4ter?"})
    publish_notice(account=asked)
    talker = Talker(asked, language="de")
    assert talker.choices == {"yes": "Ja, ich stimme zu", "no": "Nein"}

    assert talker.answer("yes").lines == ["Ja, ich stimme zu", "Sp\u00e4ter?"]
    talker.answer("yes")

    assert {record.language for record in ConsentRecord.objects.all()} == {"de"}
    assert "Mit einem Menschen sprechen" in talker.page
    assert Conversation.objects.get().spoken_in == "de"


def test_questions_come_one_by_one_and_the_first_yes_stores_nothing(untouched):
    talker = Talker(untouched).answer("yes")

    assert talker.lines == ["Yes, I agree", "May we write to you later?"]
    assert talker.token == ""


@pytest.mark.parametrize(("second", "state"), [("yes", "given"), ("no", "refused")])
def test_chat_begins_with_the_last_answer_and_the_proof_of_each(asked, second, state):
    talker = Talker(asked).answer("yes").answer(second)

    assert talker.response.status_code == 201
    records = ConsentRecord.objects.order_by("purpose")
    assert [(r.purpose, r.state, r.mechanism, r.form) for r in records] == [
        ("answer", "given", "bot", "chat"),
        ("news", state, "bot", "chat"),
    ]
    assert [r.words for r in records] == [factories.AGREE, "May we write to you later?"]
    chat = Conversation.objects.get()
    assert (chat.status, chat.bot_step, chat.contact.name) == ("bot", "topic", "")
    assert [(e.seq, e.side, e.body) for e in chat.messages.all()] == [
        (1, "bot", "Hello!"),
        (2, "bot", factories.AGREE),
        (3, "visitor", "Yes, I agree"),
        (4, "bot", "May we write to you later?"),
        (5, "visitor", "Yes, I agree" if second == "yes" else "No"),
        (6, "bot", "What is it about?"),
    ]


def test_where_the_chat_began_is_kept_as_a_form_keeps_it(asked):
    asked.allowed_origins, asked.keep_page = "https://shop.example", True
    asked.save()

    Talker(asked).answer("yes").answer("yes", page="https://shop.example/tea/?q=vera")

    record = ConsentRecord.objects.first()
    assert (record.origin, record.page) == ("https://shop.example", "/tea/")
    assert Conversation.objects.get().technical.page == "https://shop.example/tea/"
    assert issubclass(type(Conversation.objects.get().technical), TechnicalRecord)


# Ways around the question


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"consent_answer": "on", "consent_news": "on"},
        {"consent": ["answer", "news"]},
        {"site_consent": "given", "site_reference": "mine"},
        {"bot_consent": "given"},
    ],
)
@pytest.mark.parametrize("version", ["1", "2", "3", ""])
def test_form_before_a_chat_agrees_to_nothing(untouched, given, version):
    form = answers() | {"notice": version} | given

    response = visit("chat_start", untouched, token=None, data=form)

    assert response.status_code == 422
    assert factories.AGREE in response.content.decode()


@pytest.mark.parametrize(
    "choice", ["", "maybe", "YES", "0", "1", "said", "skipped", "person", "yes\x00", "y" * 5000]
)
def test_what_is_no_answer_begins_again(untouched, choice):
    talker = Talker(untouched).answer(choice)

    assert talker.response.status_code == 422
    assert "This question was out of date" in talker.page
    assert "Hello!" in talker.lines


@pytest.mark.parametrize("state", ["", "x", "a:b:c", "é", "\x00"])
def test_forged_state_begins_again(untouched, state):
    talker = Talker(untouched)
    talker.state = state

    assert talker.answer("yes").response.status_code == 422


def test_state_of_another_account_begins_again(untouched):
    talker = Talker(untouched)
    kept = signing.loads(talker.state, salt=SALT)
    talker.state = signing.dumps(kept | {"account": untouched.pk + 1}, salt=SALT)

    assert talker.answer("yes").response.status_code == 422


def test_state_that_says_more_than_was_asked_is_not_ours(untouched):
    talker = Talker(untouched)
    kept = signing.loads(talker.state, salt=SALT)
    for salt in ("chat.bot ", "django.core.signing", "chat.rating"):
        talker.state = signing.dumps(kept | {"answers": {"answer": True, "news": True}}, salt=salt)
        assert talker.answer("yes").response.status_code == 422


def test_question_is_answered_within_a_day(untouched):
    now = timezone.now()
    with freeze_time(now):
        talker, late = Talker(untouched), Talker(untouched)
    with freeze_time(now + timedelta(hours=23)):
        assert talker.answer("no").response.status_code == 200
    with freeze_time(now + timedelta(hours=25)):
        assert late.answer("no").response.status_code == 422


def test_another_sites_page_answers_nothing(untouched):
    talker = Talker(untouched)

    for origin in ("https://evil.example", "null"):
        data = {"state": talker.state, "choice": "yes"}
        assert visit("chat_bot", untouched, token=None, data=data, Origin=origin).status_code == 403


def test_account_that_is_switched_off_asks_nothing(untouched):
    talker = Talker(untouched)
    Account.objects.filter(pk=untouched.pk).update(is_active=False)

    assert talker.answer("yes").response.status_code == 404


# What changes while a visitor reads


def test_new_words_are_asked_before_anything_begins(asked):
    talker = Talker(asked).answer("yes")
    factories.asks(asked, "I agree to something new.")
    before = rows()

    talker.answer("yes")

    assert talker.response.status_code == 422
    assert "I agree to something new." in talker.lines
    assert rows() == before


def test_new_version_of_the_bot_begins_again(asked):
    talker = Talker(asked).answer("yes")
    publish(
        asked,
        step("consent", Kind.CONSENT, "Hi there!", next="agent", otherwise=END),
        step("agent", Kind.AGENT),
    )

    talker.answer("yes")

    assert talker.response.status_code == 422
    assert "Hi there!" in talker.lines
    assert not Conversation.objects.exists()


def test_who_refused_stays_with_the_version_they_began_with(asked):
    talker = Talker(asked).answer("no")
    publish(asked, step("consent", Kind.CONSENT, next="agent", otherwise=END), step("agent", Kind.AGENT))
    switch_bot_off(account=asked, by=None)

    assert talker.answer("0").lines == ["Why?", "The law wants it so."]


def test_form_comes_where_the_account_leaves_the_asking_to_it_again(asked):
    talker = Talker(asked)
    asked.consent_mechanism = "field"
    asked.save()
    publish_notice(account=asked)

    talker.answer("yes")

    assert talker.response.status_code == 422
    assert 'data-form="start"' in talker.page
    assert not Message.objects.exists()


# Without a flow, or with one that was not made for this


def test_bot_without_a_flow_asks_and_hands_over(account):
    asks_by_bot(account)

    talker = Talker(account)
    assert talker.lines == [factories.AGREE]
    assert talker.answer("no").choices == {}
    Talker(account).answer("yes")

    chat = Conversation.objects.get()
    assert (chat.status, chat.bot_version) == ("waiting", None)
    assert [entry.body for entry in chat.messages.all()] == [factories.AGREE, "Yes, I agree"]


def test_flow_that_asks_nothing_is_asked_first_all_the_same(account):
    publish(account, step("hi", Kind.MESSAGE, "Hi there!", next="agent"), step("agent", Kind.AGENT))
    asks_by_bot(account)
    before = rows()

    refused = Talker(account).answer("no")
    assert refused.lines[0] == "No"
    assert "Hi there!" not in refused.page
    assert rows() == before
    Talker(account).answer("yes")

    assert [entry.body for entry in Message.objects.all()] == [factories.AGREE, "Yes, I agree", "Hi there!"]
    assert Conversation.objects.get().status == "waiting"


def test_bot_asks_nothing_where_the_account_asks_nothing(account):
    factories.asks_nothing(account)
    asks_by_bot(account)
    publish(account)

    response = visit("chat_start", account, token=None, data={"question": "Hello?"})

    chat = Conversation.objects.get()
    assert response.status_code == 201
    assert (chat.status, chat.bot_step) == ("bot", "topic")
    assert not ConsentRecord.objects.exists()
