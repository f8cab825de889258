"""Fields of an account's own: asked as they say, kept as they say, and gone when they say."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.models import ChatAnswer, Conversation
from chat.services.conversations import end_chat, start_chat
from chat.services.leaving import leave_message
from chat.transcript import transcript_of
from helpdesk.models import Contact, Ticket, TicketAnswer
from helpdesk.notice import asked_fields
from helpdesk.services.tickets import open_ticket
from privacy.models import DataKey, LedgerEntry
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.people.consent import ConsentMissing, Given
from privacy.services.people.export import export_person
from privacy.services.people.notices import current_notice
from privacy.services.tracing.traces import find_traces
from tests import factories
from tests.chat.visiting import answers, visit
from tests.helpdesk.tickets import WORDS, form_of, opened, posted

pytestmark = pytest.mark.django_db(transaction=True)

COLOURS = [
    {"key": "red", "texts": {"en": "Red", "fr": "Rouge"}},
    {"key": "blue", "texts": {"en": "Blue", "fr": "Bleu"}},
]
KINDS = {
    "text": ("Order 17", "Order 17"),
    "long_text": ("Two\r\nlines", "Two\nlines"),
    "email": ("other@mail.example", "other@mail.example"),
    "phone": ("+33 (0)1 23 45 67 89", "+33 (0)1 23 45 67 89"),
    "choice": ("blue", "Blue"),
    "choices": (["blue", "red"], "Red\nBlue"),
    "date": ("2026-02-28", "2026-02-28"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_asked_checked_and_kept(client, account, kind):
    sent, kept = KINDS[kind]
    factories.field(account, "thing", kind=kind, options=COLOURS)

    page = client.get(form_of(account))
    answer = client.post(form_of(account), posted(account, asked_thing=sent))

    assert "Your thing" in page.text
    assert answer.status_code == 302
    row = TicketAnswer.objects.get()
    assert (row.label, row.words, row.plain) == ("Your thing", kept, "")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "two\nlines"),
        ("text", "x" * 201),
        ("text", "nul \x00"),
        ("long_text", "x" * 2_001),
        ("email", "a@b.example, c@d.example"),
        ("phone", "call me"),
        ("phone", "1" * 31),
        ("phone", "12"),
        ("choice", "green"),
        ("choices", ["red", "green"]),
        ("date", "2026-02-30"),
        ("date", "28.02.2026"),
        ("date", "0001-01-01"),
        ("text", ""),
        ("choice", ""),
        ("choices", []),
        ("date", ""),
    ],
)
def test_bad_answer_is_refused_beside_its_field_and_nothing_is_stored(client, account, kind, value):
    factories.field(account, "thing", kind=kind, options=COLOURS, rule="required")
    keys = DataKey.objects.count()

    page = client.post(form_of(account), posted(account, name="Vera Visitor", asked_thing=value))

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["asked_thing"]
    assert 'value="Vera Visitor"' in page.text
    assert (Ticket.objects.count(), Contact.objects.count(), DataKey.objects.count()) == (0, 0, keys)


def test_what_is_not_asked_is_dropped(client, account, other_account):
    factories.field(account, "off", rule="off")
    factories.field(account, "in-the-chat", form="chat")
    factories.field(other_account, "theirs")
    factories.field(account, "over", purpose=account.purposes.create(key="x", is_active=False))

    sent = {f"asked_{key}": "said" for key in ("off", "in-the-chat", "theirs", "over", "unknown")}
    client.post(form_of(account), posted(account, **sent))
    open_ticket(
        account=account,
        **WORDS,
        given=Given.to_all(current_notice(account)),
        answers=dict.fromkeys(["off", "in-the-chat", "theirs", "over", "unknown"], "said"),
    )

    assert (Ticket.objects.count(), TicketAnswer.objects.count()) == (2, 0)
    assert asked_fields(account, "ticket") == []


def test_words_of_the_account_are_no_markup(client, account):
    factories.field(account, "thing", labels={"en": "<b>label"}, helps={"en": "<i>help"})

    page = client.get(form_of(account)).text

    assert "&lt;b&gt;label" in page
    assert "&lt;i&gt;help" in page
    assert "<b>label" not in page
    assert "<i>help" not in page


def test_visitor_reads_a_field_in_their_language(client, account):
    factories.field(
        account,
        "thing",
        kind="choice",
        labels={"en": "Colour", "fr": "Couleur"},
        options=COLOURS,
    )

    page = client.get(form_of(account), headers={"accept-language": "fr"}).text

    assert ("Couleur" in page, "Rouge" in page, ">Red<" in page) == (True, True, False)


def test_prechat_form_asks_and_keeps_under_the_key_of_the_chat(account):
    factories.field(account, "order", form="chat", rule="required")

    refused = visit("chat_start", account, token=None, data=answers())
    assert (refused.status_code, Conversation.objects.count()) == (422, 0)
    assert visit("chat_start", account, token=None, data=answers(asked_order="A-17")).status_code == 201

    row = ChatAnswer.objects.get()
    assert (row.words, row.key_id, row.erase_at) == ("A-17", row.conversation.key_id, None)
    assert transcript_of(row.conversation).split("\n\n")[1] == "Your order: A-17"


def test_flag_decides_whether_an_answer_is_sealed(account):
    factories.field(account, "secret")
    factories.field(account, "open", is_personal=False)

    opened(account, answers={"secret": "quollsecret", "open": "quollopen"})

    assert sorted(TicketAnswer.objects.values_list("plain", flat=True)) == ["", "quollopen"]
    assert sorted(row.words for row in TicketAnswer.objects.all()) == ["quollopen", "quollsecret"]


def test_answers_are_seen_by_agents_exported_and_erased_with_their_unit(
    account, agent_client, stranger, signed_in
):
    factories.field(account, "thing", position=1)
    factories.field(account, "plain", is_personal=False, position=2)
    ticket = opened(account, answers={"thing": "quollmarker", "plain": "plainmarker"})
    page = reverse("ticket_detail", args=[ticket.pk])

    assert "quollmarker" in agent_client.get(page).text
    assert signed_in(stranger).get(page).status_code == 404
    copied = export_person(ticket.requester)["categories"]["ticket"]["helpdesk.ticketanswer"]
    assert [(row["label"], row["value"] or row["plain"]) for row in copied] == [
        ("Your thing", "quollmarker"),
        ("Your plain", "plainmarker"),
    ]
    erase_person(ticket.requester, reason="not_necessary")
    assert not TicketAnswer.objects.exists()
    for marker in ("quollmarker", "plainmarker"):
        assert find_traces(marker).none_found


def test_agent_sees_answers_beside_a_chat(account, agent_client):
    factories.field(account, "thing", form="chat")
    chat = started(account, thing="chatmarker")

    assert "chatmarker" in agent_client.get(reverse("chat_detail", args=[chat.pk])).text


@pytest.mark.parametrize("rows", [1, 3])
def test_page_opens_all_keys_with_the_same_queries(
    account, agent_client, rows, django_assert_num_queries, django_assert_max_num_queries
):
    for number in range(3):
        factories.field(account, f"f{number}", term_amount=1)
    page = reverse("ticket_detail", args=[opened(account).pk])
    agent_client.get(page)
    with django_assert_max_num_queries(200) as alone:
        agent_client.get(page)
    ticket = opened(account, email="other@mail.example", answers={f"f{n}": "said" for n in range(rows)})

    with django_assert_num_queries(len(alone)):
        agent_client.get(reverse("ticket_detail", args=[ticket.pk]))


def started(account, **given) -> Conversation:
    return start_chat(
        account=account,
        name="V",
        email="",
        question="Hello?",
        given=Given.to_all(current_notice(account)),
        answers=given,
    ).conversation


def test_term_of_its_own_erases_an_answer_and_its_key_and_leaves_the_rest(account):
    factories.field(account, "birth", form="chat", term_amount=2, term_unit="days")
    factories.field(account, "order", form="chat")
    chat = started(account, birth="quollbirth", order="quollorder")
    short = ChatAnswer.objects.get(erase_at__isnull=False)
    assert short.key_id != chat.key_id

    assert purge(now=timezone.now() + timedelta(days=1)).erased == 0
    late = timezone.now() + timedelta(days=3)
    assert purge(now=late, dry_run=True).by_category == {"chat": 1}
    report = purge(now=late)

    assert (report.due, report.erased, report.failed) == (1, 1, 0)
    assert [row.words for row in ChatAnswer.objects.all()] == ["quollorder"]
    assert not DataKey.objects.filter(pk=short.key_id).exists()
    assert DataKey.objects.filter(pk=chat.key_id).exists()
    assert find_traces("quollbirth").none_found
    assert LedgerEntry.objects.get(action="erasure.begun").params["reason"] == "own_term"
    assert purge(now=late).due == 0


def test_answer_never_outlives_its_chat(account):
    factories.policy(account, "chat", rule="at_once")
    factories.field(account, "birth", form="chat", term_amount=50, term_unit="years")
    chat = started(account, birth="quollbirth")
    key_id = ChatAnswer.objects.get().key_id

    end_chat(conversation=chat, side="visitor")

    assert not ChatAnswer.objects.exists()
    assert not DataKey.objects.filter(pk=key_id).exists()


def test_hold_keeps_an_answer_beyond_its_own_term(account):
    factories.field(account, "birth", term_amount=1)
    ticket = opened(account, answers={"birth": "quollbirth"})
    factories.hold(ticket)

    report = purge(now=timezone.now() + timedelta(days=2))

    assert (report.due, report.held, TicketAnswer.objects.count()) == (0, 1, 1)


def test_page_behind_why_says_when_an_answer_goes(account, agent_client):
    factories.field(account, "birth", term_amount=1)
    ticket = opened(account, answers={"birth": "quollbirth"})

    page = agent_client.get(reverse("ticket_kept", args=[ticket.pk])).text

    assert "with a term of their own (1)" in page
    assert "quollbirth" not in page


def test_slips_are_masked_in_words_and_the_visitor_is_told(client, account):
    account.mask_slips = True
    account.save()
    factories.field(account, "thing")

    answer = client.post(form_of(account), posted(account, asked_thing="4111 1111 1111 1111"))

    assert "4111 1111" not in TicketAnswer.objects.get().words
    assert "masked=card" in answer.url


@pytest.fixture
def health(account):
    """A purpose that visitors may agree to, and a field that needs it."""
    factories.asks_for(account, "health", "Keep what I say about my health.")
    purpose = account.purposes.get(key="health")
    return factories.field(account, "illness", is_special=True, purpose=purpose)


def test_special_category_is_kept_only_with_explicit_consent(client, account, health):
    sent = posted(account, asked_illness="quollillness")

    refused = client.post(form_of(account), sent)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["asked_illness"]
    assert "quollillness" in refused.text
    assert Ticket.objects.count() == 0
    assert client.post(form_of(account), sent | {"consent_health": "on"}).status_code == 302
    assert TicketAnswer.objects.get().words == "quollillness"


def test_service_refuses_what_was_not_agreed_to(account, health):
    some = Given(current_notice(account), frozenset({"answer"}))

    with pytest.raises(ConsentMissing):
        opened(account, given=some, answers={"illness": "quollillness"})

    assert (Ticket.objects.count(), TicketAnswer.objects.count()) == (0, 0)


def test_special_category_is_not_asked_where_nobody_is_asked_for_consent(client, account, health):
    factories.asks_by(account, "billboard")

    page = client.get(form_of(account))
    client.post(form_of(account), posted(account, asked_illness="quollillness"))

    assert "Your illness" not in page.text
    assert (Ticket.objects.count(), TicketAnswer.objects.count()) == (1, 0)


def test_message_that_is_left_answers_the_fields_of_tickets(account):
    factories.field(account, "thing", rule="required")
    factories.field(account, "order", form="chat")
    chat = started(account, order="quollorder")
    left = {"given": Given.to_all(current_notice(account)), "answers": {"thing": "left"}}

    ticket = leave_message(conversation=chat, name="V", email="v@mail.example", message="Hi", **left)

    assert [row.words for row in ticket.answers.all()] == ["left"]
    assert not ChatAnswer.objects.exists()


def test_form_sent_twice_with_another_answer_opens_two_tickets(client, account):
    factories.field(account, "thing")
    sent = posted(account, once="5c1ef0de-0000-4000-8000-000000000001")

    for words in ("one", "one", "two"):
        Client().post(form_of(account), sent | {"asked_thing": words})

    assert sorted(row.words for row in TicketAnswer.objects.all()) == ["one", "two"]
