"""The bot in a chat: what it asks is kept as the form keeps it, and a person is never far."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.bot.flow import END, Kind
from chat.desk import read_desk
from chat.models import Conversation, Message
from chat.services.bot import NotWithBot, answer_bot
from chat.services.conversations import accept_chat, close_abandoned_chats, end_chat, start_chat
from chat.services.messages import ChatEnded
from chat.streams.rooms import Wish, read_rooms
from helpdesk.models import Account, Contact, Team
from privacy.categories import Category
from privacy.models import Basis, ConsentNotice, Purpose
from privacy.services.erasing.purge import purge
from privacy.services.people.consent import Given
from privacy.services.people.export import export_person
from privacy.terms import Rule
from tests import factories
from tests.chat.bots import STEPS, Talker, asks_by_bot, button, publish, step
from tests.chat.visiting import answers, visit

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


@pytest.fixture
def talker(account) -> Talker:
    """Somebody who agreed, and is asked what it is about."""
    asks_by_bot(account)
    publish(account)
    return Talker(account).answer("yes")


def the_chat() -> Conversation:
    return Conversation.objects.get()


def log() -> list[tuple[str, str, str]]:
    return [(entry.side, entry.kind, entry.body) for entry in Message.objects.order_by("seq")]


def test_visitor_is_led_to_an_agent_and_what_they_answer_is_kept(talker):
    talker.answer("0").answer("said", answer="Vera").answer("said", answer="Where is\nmy tea?")

    chat = the_chat()
    assert (chat.status, chat.bot_step, chat.contact.name) == ("waiting", "", "Vera")
    assert log()[-7:] == [
        ("bot", "text", "What is it about?"),
        ("visitor", "answer", "Tea"),
        ("bot", "text", "Who are you?"),
        ("visitor", "answer", "Vera"),
        ("bot", "text", "What may we do?"),
        ("visitor", "text", "Where is\nmy tea?"),
        ("bot", "text", "Somebody comes now."),
    ]
    assert talker.choices == {}
    assert 'data-slot="bot"' not in talker.page


def test_answer_shows_what_is_new_and_nothing_twice(talker):
    assert talker.answer("0", after="4").lines == ["Tea", "Who are you?"]
    assert talker.answer("skipped", after="6").lines == ["Skip", "What may we do?"]


def test_link_leads_out_and_says_where_in_the_copy(talker):
    talker.answer("1")

    assert (
        '<a href="https://shop.example/all/" target="_blank" rel="noopener noreferrer">All our shops</a>'
        in (talker.page)
    )
    assert "The automatic answers end here" in talker.page
    copy = talker.ask("visitor_transcript").content.decode()
    assert "Automatic answer:\nAll our shops\nhttps://shop.example/all/" in copy
    assert "You:\nShops" in copy


def test_bot_never_passes_for_a_person(talker, agent_client):
    talker.take(talker.ask("visitor_conversation"))
    seen = agent_client.get(f"/agent/chats/{the_chat().pk}/").content.decode()

    for page in (talker.page, seen):
        assert page.count('<span class="message__author">Automatic answer</span>') == 3
        assert '<span class="message__author">Agent</span>' not in page


def test_page_that_is_opened_again_goes_on_where_it_was(talker):
    talker.answer("0")

    again = Talker.__new__(Talker)
    again.account, again.token = talker.account, talker.token
    again.take(again.ask("visitor_conversation"))

    assert list(again.choices) == ["said", "skipped", "person"]
    assert again.answer("said", answer="Vera").lines[-1] == "What may we do?"


# What isn't an answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("n" * 101, "At most 100 characters fit here"),
        ("Vera\r\nBcc: all@mail.example", "Please write this on one line."),
        ("", "This field is required."),
    ],
)
def test_bad_answer_is_refused_beside_its_field(talker, answer, says):
    talker.answer("0")
    account = talker.account
    account.chat_name = Account.Field.REQUIRED
    account.save()
    before = log()

    talker.answer("said", answer=answer)

    assert talker.response.status_code == 422
    assert says in talker.page
    assert answer.replace("\r\n", " ")[:4] in talker.page
    assert log() == before


def test_empty_answer_to_what_may_stay_empty_changes_nothing(talker):
    before = talker.answer("0") and log()

    talker.answer("said", answer="")

    assert log() == before
    assert list(talker.choices) == ["said", "skipped", "person"]


@pytest.mark.parametrize(
    "choice", ["", "2", "-1", "99999999999999999999", "yes", "said", "skipped", "½", "٣"]
)
def test_what_is_no_button_changes_nothing(talker, choice):
    before = log()

    assert talker.answer(choice, answer="x").response.status_code == 200

    assert log() == before
    assert talker.choices.items() >= {"0": "Tea", "1": "Shops"}.items()


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "1.5"])
def test_what_is_no_place_in_the_log_is_a_bad_request(talker, after):
    before = log()

    assert talker.answer("0", after=after).response.status_code == 400
    assert log() == before


def test_same_answer_twice_is_said_once(talker):
    step_asked, before = talker.step, len(log())
    talker.answer("0")
    talker.step = step_asked

    talker.answer("0")

    assert len(log()) == before + 2
    assert talker.step == "name"


def test_required_field_cannot_be_skipped(talker):
    Account.objects.filter(pk=talker.account.pk).update(chat_name=Account.Field.REQUIRED)

    talker.answer("0").answer("skipped")

    assert the_chat().bot_step == "name"
    assert "skipped" not in talker.choices


def test_field_that_is_not_asked_any_more_is_passed_by(talker):
    Account.objects.filter(pk=talker.account.pk).update(chat_name=Account.Field.OFF)

    assert talker.answer("0").lines[-1] == "What may we do?"


def test_field_that_is_not_asked_any_more_while_the_bot_waits_for_it_can_be_skipped(talker):
    talker.answer("0")
    Account.objects.filter(pk=talker.account.pk).update(chat_name=Account.Field.OFF)
    talker.take(talker.ask("visitor_conversation"))

    assert talker.choices["skipped"] == "Skip"
    assert "said" not in talker.choices
    assert talker.answer("said", answer="Vera").step == "name"
    assert talker.answer("skipped").step == "question"
    assert the_chat().contact.name == ""


def test_slip_is_masked_in_an_answer_and_not_in_what_the_bot_says(account):
    card = "4111 1111 1111 1111"
    asks_by_bot(account)
    publish(
        account,
        step("consent", Kind.CONSENT, next="q", otherwise=END),
        step("q", Kind.TEXT, f"Not like {card}!", asks="question", next=END),
    )

    Talker(account).answer("yes").answer("said", answer=f"My card is {card}")

    said, answered = Message.objects.order_by("seq")[2:4]
    assert said.body == f"Not like {card}!"
    assert card not in answered.body
    assert answered.masked == "card"


# Department and hours


def test_department_and_hours_decide_who_sees_it(account, agent_client):
    team = Team.objects.create(account=account, name="Orders <b>")
    asks_by_bot(account)
    publish(
        account,
        step("consent", Kind.CONSENT, next="hours", otherwise=END),
        step("hours", Kind.HOURS, next="orders", otherwise="closed"),
        step("orders", Kind.DEPARTMENT, "You are in good hands.", team=team.pk, next="agent"),
        step("agent", Kind.AGENT),
        step("closed", Kind.LEAVE, "We are closed."),
    )
    closed = Talker(account).answer("yes")
    account.business_hours.create(
        weekday=timezone.localdate(timezone=account.zone).weekday(), opens="00:00", closes="00:00"
    )

    Talker(account).answer("yes")

    assert 'data-opens="leave"' in closed.page
    assert closed.choices == {}
    waiting = Conversation.objects.get(status="waiting")
    assert waiting.team == team
    assert waiting.messages.last().body == "You are in good hands."
    assert "Orders &lt;b&gt;" in agent_client.get("/agent/chats/queue/").content.decode()
    assert "Team: Orders &lt;b&gt;" in agent_client.get(f"/agent/chats/{waiting.pk}/").content.decode()


def test_left_message_begins_with_what_was_asked_and_not_with_buttons(account):
    asks_by_bot(account)
    publish(
        account,
        step("consent", Kind.CONSENT, next="topic", otherwise=END),
        step("topic", Kind.BUTTONS, "What?", buttons=(button("Tea", "name"),)),
        step("name", Kind.TEXT, "Who?", asks="name", next="question"),
        step("question", Kind.TEXT, "What?", asks="question", next="leave"),
        step("leave", Kind.LEAVE),
    )
    talker = Talker(account).answer("yes").answer("0").answer("said", answer="Vera")
    talker.answer("said", answer="Where is it?")

    form = talker.ask("visitor_leave_message").context["form"]

    assert form.initial == {"name": "Vera", "email": "", "message": "Where is it?"}


# Fields of the account's own


def asking(account: Account, *keys: str) -> Talker:
    """Return somebody whom the bot asks for these fields, one after the other, after they agreed."""
    asks_by_bot(account)
    steps = [step("consent", Kind.CONSENT, next=f"ask-{keys[0]}", otherwise=END)]
    following = [*(f"ask-{key}" for key in keys[1:]), "agent"]
    for key, then in zip(keys, following, strict=True):
        steps.append(step(f"ask-{key}", Kind.TEXT, f"{key}?", asks=f"asked_{key}", next=then))
    publish(account, *steps, step("agent", Kind.AGENT))
    return Talker(account).answer("yes")


def test_answer_to_a_field_of_the_accounts_own_is_kept_as_that_field_says(account):
    factories.field(account, "order", form="chat", is_personal=False)
    factories.field(account, "phone", form="chat", kind="phone", term_amount=7)

    talker = asking(account, "order", "phone").answer("said", answer="A-17")
    talker.answer("said", answer="+33 1 23 45 67 89")

    order, phone = the_chat().answers.order_by("created_at")
    assert (order.plain, order.value, order.erase_at) == ("A-17", "", None)
    assert (phone.plain, phone.value) == ("", "+33 1 23 45 67 89")
    assert (phone.key_id != the_chat().key_id, phone.erase_at is not None) == (True, True)
    assert [body for side, _kind, body in log() if side == "visitor"] == [
        "Yes, I agree",
        "A-17",
        "Given: Your phone",
    ]
    assert (the_chat().status, the_chat().bot_known) == ("waiting", ["asked_order", "asked_phone"])


def test_choice_of_the_accounts_own_is_offered_and_kept_in_words(account):
    options = [{"key": "tea", "texts": {"en": "Tea"}}, {"key": "pot", "texts": {"en": "A pot"}}]
    factories.field(account, "what", form="chat", kind="choices", options=options, is_personal=False)

    talker = asking(account, "what")
    assert "A pot" in talker.page
    assert talker.answer("said", answer=["tea", "x"]).response.status_code == 422
    talker.answer("said", answer=["tea", "pot"])

    assert the_chat().answers.get().plain == "Tea\nA pot"


def test_field_that_needs_an_agreement_is_asked_of_who_gave_it(account):
    health = Purpose.objects.create(
        account=account,
        key="health",
        names={"en": "Advice"},
        basis=Basis.CONSENT,
        questions={"en": "May we note what you must not eat?"},
    )
    factories.field(account, "diet", form="chat", is_special=True, purpose=health)
    agreed, refused = asking(account, "diet"), Talker(account).answer("yes")

    assert agreed.answer("yes").lines[-1] == "diet?"
    agreed.answer("said", answer="No nuts")
    refused.answer("no")

    first, second = Conversation.objects.order_by("created_at")
    assert (first.answers.get().value, first.status) == ("No nuts", "waiting")
    assert (second.answers.count(), second.status) == (0, "waiting")
    assert "diet?" not in [entry.body for entry in second.messages.all()]


def test_field_that_the_form_has_asked_is_not_asked_again(account):
    factories.field(account, "order", form="chat")
    publish(
        account, step("o", Kind.TEXT, "Which?", asks="asked_order", next="agent"), step("agent", Kind.AGENT)
    )

    visit("chat_start", account, token=None, data=answers(asked_order="A-17"))

    assert the_chat().status == "waiting"


def test_new_words_of_the_consent_are_answered_before_the_bot(talker):
    factories.asks(talker.account, "I agree to something new.")
    before = log()

    response = talker.answer("0").response

    assert (response.status_code, log()) == (409, before)
    again = talker.ask("visitor_conversation").content.decode()
    assert "I agree to something new." in again
    assert 'data-slot="bot"' not in again


# A person


def test_visitor_may_ask_for_a_person_at_any_step(talker):
    assert talker.choices["person"] == "Talk to a person"

    talker.answer("person")

    assert (the_chat().status, the_chat().bot_step) == ("waiting", "")
    assert 'data-slot="bot"' not in talker.page


def test_who_writes_past_the_bot_waits_for_a_person(talker):
    response = talker.ask("visitor_messages", {"body": "I want somebody real."})

    assert response.status_code == 201
    assert the_chat().status == "waiting"
    assert log()[-1] == ("visitor", "text", "I want somebody real.")


def test_person_comes_once_what_the_account_requires_is_answered(talker):
    Account.objects.filter(pk=talker.account.pk).update(chat_name=Account.Field.REQUIRED)
    talker.take(talker.ask("visitor_conversation"))

    assert "person" not in talker.choices
    assert talker.answer("person").step == "topic"
    past = talker.ask("visitor_messages", {"body": "Hello?"})
    assert (past.status_code, the_chat().status) == (422, "bot")
    assert "Please answer the question above first." in past.content.decode()
    assert ("visitor", "text", "Hello?") not in log()
    talker.answer("0").answer("said", answer="Vera")
    assert talker.choices["person"] == "Talk to a person"


def test_agents_see_the_bots_chats_outside_the_queue_and_take_over(talker, agent_client, agent):
    chat = the_chat()
    desk = agent_client.get("/agent/chats/queue/").context["desk"]
    assert ([c.pk for c in desk.bots], desk.waiting, desk.attention) == ([chat.pk], [], 0)
    assert "Take over" in agent_client.get(f"/agent/chats/{chat.pk}/").content.decode()

    agent_client.post(f"/agent/chats/{chat.pk}/accept/")

    chat.refresh_from_db()
    assert (chat.status, chat.agent, chat.bot_step) == ("active", agent, "")
    before = log()
    assert 'data-slot="bot"' not in talker.answer("0").page
    assert log() == before


def test_stranger_takes_over_nothing(talker, stranger_client):
    assert stranger_client.post(f"/agent/chats/{the_chat().pk}/accept/").status_code == 404
    assert the_chat().status == "bot"


def test_bots_chats_have_no_place_in_the_queue(talker, account):
    factories.chat(account)

    assert Conversation.objects.waiting().count() == 1


def test_who_talked_with_the_bot_for_long_jumps_no_queue(talker, account, agent):
    Conversation.objects.update(created_at=timezone.now() - timedelta(minutes=50))
    earlier = factories.chat(account, created_at=timezone.now() - timedelta(minutes=10))

    talker.answer("person")

    chat = Conversation.objects.exclude(pk=earlier.pk).get()
    desk = read_desk(agent)
    assert ([each.pk for each in desk.waiting], desk.waiting[1].age) == ([earlier.pk, chat.pk], "now")
    rooms = read_rooms({each.pk: Wish(None, []) for each in (earlier, chat)})
    assert [rooms[each.pk].position for each in (earlier, chat)] == [1, 2]


def test_desk_costs_the_same_with_one_and_three_chats_of_a_team(
    account, agent_client, django_assert_num_queries
):
    team = Team.objects.create(account=account, name="Orders")

    def queries() -> int:
        with django_assert_num_queries(100, exact=False) as asked:
            agent_client.get("/agent/chats/queue/")
        return len(asked)

    factories.chat(account, team=team, status="bot")
    one = queries()
    factories.chat(account, team=team, status="bot")
    factories.chat(account, team=team)

    assert queries() == one


# Another way of asking


def test_form_comes_first_where_the_bot_does_not_ask(account):
    publish(account)

    response = visit("chat_start", account, token=None, data=answers(name="Vera", question=""))

    chat = the_chat()
    assert response.status_code == 201
    assert (chat.status, chat.bot_step, sorted(chat.bot_known)) == ("bot", "topic", ["email", "name"])
    assert log() == [("bot", "text", "What is it about?")]


def test_bot_asks_nothing_that_the_form_has_asked(account):
    publish(account)
    talker = Talker(account)
    talker.take(talker.ask("chat_start", answers(name="Vera", question="Where is my tea?")))

    talker.answer("0")

    assert (the_chat().status, log()[-1][2]) == ("waiting", "Somebody comes now.")


def test_nothing_of_the_bot_is_there_without_a_published_flow(account):
    visit("chat_start", account, token=None, data=answers())

    assert (the_chat().status, log()) == ("waiting", [("visitor", "text", "Hello?")])


# Versions, ends and erasure


def test_chat_keeps_the_version_it_began_with(talker, account):
    publish(account, step("consent", Kind.CONSENT, next="agent", otherwise=END), step("agent", Kind.AGENT))

    assert talker.answer("0").lines[-1] == "Who are you?"
    assert the_chat().bot_version.number == 1
    Talker(account).answer("yes")
    assert Conversation.objects.order_by("created_at").last().bot_version.number == 2


def test_version_cannot_be_changed(talker):
    version = the_chat().bot_version
    version.steps = []

    with pytest.raises(Exception, match="published can't be changed"):
        version.save()


def test_silent_dialogue_is_closed_and_erased_by_its_clock(talker, account):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    quiet = timezone.now() - timedelta(minutes=account.idle_minutes + 1)
    Conversation.objects.update(last_message_at=quiet)

    assert close_abandoned_chats() == 1

    assert (Conversation.objects.count(), Message.objects.count(), Contact.objects.count()) == (0, 0, 0)
    assert talker.answer("0").response.status_code == 404
    assert purge().due == 0


def test_dialogue_that_ended_takes_no_answer(talker):
    end_chat(conversation=the_chat(), side="visitor")
    before = log()

    assert talker.answer("0").response.status_code == 410
    with pytest.raises(ChatEnded):
        answer_bot(conversation=the_chat(), step="topic", choice="0")
    assert log() == before


def test_answer_to_a_step_that_was_passed_is_refused(talker, agent):
    with pytest.raises(NotWithBot):
        answer_bot(conversation=the_chat(), step="name", choice="said", words="Vera")
    accept_chat(conversation=the_chat(), agent=agent)
    with pytest.raises(NotWithBot):
        answer_bot(conversation=the_chat(), step="topic", choice="0")

    assert the_chat().contact.name == ""


def test_copy_of_a_persons_data_says_what_the_bot_said(talker):
    talker.answer("0").answer("said", answer="Vera")

    copy = str(export_person(the_chat().contact))

    assert "What is it about?" in copy
    assert "'side': 'bot'" in copy
    assert "Vera" in copy


def test_start_by_a_service_asks_no_less_than_the_page(account):
    notice = asks_by_bot(account)
    publish(account)
    chat, _token = start_chat(
        account=account, name="", email="", question="", given=Given(notice, frozenset({"answer"}))
    )

    assert notice == ConsentNotice.objects.get(pk=notice.pk)
    assert (chat.status, log()[0][2]) == ("bot", STEPS[0].words["en"])
