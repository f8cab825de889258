"""Leave a message: a chat that nobody answers becomes a ticket, once."""

import pytest
from django.utils import timezone

from chat import tasks
from chat.models import ChatFile, Conversation, Message
from chat.services.conversations import accept_chat, end_chat
from chat.services.leaving import erase_what_became_tickets, leave_message
from chat.services.messages import ChatEnded, post_message
from helpdesk.models import Account, Contact, Ticket
from helpdesk.services.files import content_of
from privacy import ledger
from privacy.categories import Category
from privacy.encryption.files import sealed_storage, stored_files
from privacy.models import ConsentNotice, ConsentRecord, DataKey, LedgerEntry, Suspension
from privacy.services.erasing.survivors import count_survivors
from privacy.services.people.consent import ConsentMissing, Given
from privacy.terms import Rule
from tests import factories
from tests.chat.sending import PNG, png, send
from tests.chat.visiting import TOKEN, visit
from tests.privacy.failing import breaking

pytestmark = pytest.mark.django_db(transaction=True)

LEFT = {
    "name": "Vera",
    "email": "vera@mail.example",
    "message": "Where is it?\nPlease.",
    "consent_answer": "on",
    "notice": "1",
}


@pytest.fixture
def chat(account) -> Conversation:
    contact = factories.contact(account, name="Vera", email="typed@mail.example")
    return factories.chat(account, token=TOKEN, contact=contact)


def test_form_begins_with_what_is_known(chat, account):
    post_message(conversation=chat, side="visitor", body="Anybody there?")

    form = visit("visitor_leave_message", account).context["form"]

    assert list(form.fields) == ["name", "email", "page", "message", "files", "consent_answer", "notice"]
    assert form["name"].value() == "Vera"
    assert form["email"].value() == "typed@mail.example"
    assert form["message"].value() == "Where is my order?\n\nAnybody there?"
    assert not form["consent_answer"].value()


@pytest.mark.usefixtures("own_folders")
def test_files_of_the_visitor_move_to_the_ticket_under_new_keys(chat, account, agent):
    first, second = send(chat, png("one.png"), png("two.png"), body="Look:")
    accept_chat(conversation=chat, agent=agent)
    (answer,) = send(chat, png("answer.png"), side="agent", agent=agent)

    form = visit("visitor_leave_message", account)
    visit("visitor_leave_message", account, data=LEFT)

    assert "one.png" in form.text
    assert "answer.png" not in form.text
    files = Ticket.objects.get().files.all()
    assert [(file.name, file.size, content_of(file)) for file in files] == [
        ("one.png", len(PNG), PNG),
        ("two.png", len(PNG), PNG),
    ]
    old = [file.key_id for file in (first, second, answer)]
    assert not {file.key_id for file in files} & set(old)
    assert count_survivors(old, [file.stored_as for file in (first, second, answer)]) == {}
    assert set(stored_files()) == {file.stored_as for file in files}
    assert not ChatFile.objects.exists()


@pytest.mark.usefixtures("own_folders")
def test_more_files_come_with_what_is_left(chat, account):
    send(chat, png("sent before.png"))

    visit("visitor_leave_message", account, data=LEFT | {"files": [png("a.png"), png("b.png", b"two")]})

    files = Ticket.objects.get().files.all()
    assert [(file.name, content_of(file)) for file in files] == [
        ("sent before.png", PNG),
        ("a.png", PNG),
        ("b.png", b"two"),
    ]
    assert set(stored_files()) == {file.stored_as for file in files}


@pytest.mark.usefixtures("own_folders")
def test_too_many_files_are_refused_beside_their_field(chat, account):
    answer = visit("visitor_leave_message", account, data=LEFT | {"files": [png() for _ in range(6)]})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["files"])
    assert (Ticket.objects.count(), list(stored_files())) == (0, [])


@pytest.mark.usefixtures("own_folders")
def test_file_that_cannot_be_read_keeps_no_message_from_being_left(chat, account, caplog):
    lost, torn, _whole = send(chat, png("lost.png"), png("torn.png"), png("whole.png"))
    DataKey.objects.filter(pk=lost.key_id).delete()
    with sealed_storage().open(torn.stored_as, "r+b") as stored:
        stored.seek(-1, 2)
        stored.write(b"!!")

    assert visit("visitor_leave_message", account).status_code == 200
    assert visit("visitor_leave_message", account, data=LEFT).status_code == 201

    assert [file.name for file in Ticket.objects.get().files.all()] == ["whole.png"]
    assert caplog.text.count("can't be read and doesn't come into the ticket") == 2
    assert not Conversation.objects.exists()


@pytest.mark.usefixtures("own_folders")
def test_message_that_is_refused_moves_no_file(chat, account):
    send(chat)

    visit("visitor_leave_message", account, data=LEFT | {"email": "no address"})

    assert not Ticket.objects.exists()
    assert list(stored_files()) == [ChatFile.objects.get().stored_as]


def test_message_of_files_alone_begins_no_line(chat, account):
    send(chat)
    post_message(conversation=chat, side="visitor", body="That one.")

    form = visit("visitor_leave_message", account).context["form"]

    assert form["message"].value() == "Where is my order?\n\nThat one."


@pytest.mark.parametrize(
    ("rule", "asked", "stored"), [("off", False, ""), ("optional", True, "Ann"), ("required", True, "Ann")]
)
def test_name_is_asked_for_as_on_the_ticket_form(chat, account, rule, asked, stored):
    Account.objects.filter(pk=account.pk).update(ticket_name=rule)

    form = visit("visitor_leave_message", account).context["form"]
    visit("visitor_leave_message", account, data=LEFT | {"name": "Ann"})

    assert ("name" in form.fields) == asked
    assert Ticket.objects.get().requester.name == stored


def test_message_may_be_as_long_as_a_tickets_and_the_form_says_so(chat, account):
    asked = visit("visitor_leave_message", account).content.decode()
    refused = visit("visitor_leave_message", account, data=LEFT | {"message": "x" * 20_001})
    response = visit("visitor_leave_message", account, data=LEFT | {"message": "x" * 20_000})

    assert "It becomes a ticket: up to 20000 characters." in asked
    says = "A message has at most 20000 characters; this one has 20001."
    assert refused.context["form"].errors == {"message": [says]}
    assert response.status_code == 201


def test_name_that_is_required_is_required(chat, account):
    Account.objects.filter(pk=account.pk).update(ticket_name="required")

    response = visit("visitor_leave_message", account, data=LEFT | {"name": " "})

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("rule", [Rule.AT_ONCE, Rule.AFTER, Rule.KEEP])
def test_message_becomes_a_ticket_and_the_chat_is_erased_whatever_its_term(chat, account, rule):
    factories.policy(account, Category.CHAT, rule=rule)

    response = visit("visitor_leave_message", account, data=LEFT)

    ticket = Ticket.objects.get()
    page = response.content.decode()
    assert response.status_code == 201
    assert ticket.subject == "Where is it?"
    assert [message.body for message in ticket.messages.all()] == ["Where is it?\nPlease."]
    assert (ticket.requester.name, ticket.requester.email) == ("Vera", "vera@mail.example")
    assert (Conversation.objects.count(), Message.objects.count()) == (0, 0)
    assert "What you wrote is now a ticket. It is erased 30 days after it is closed." in page
    assert "Has been erased" in page


def test_evidence_says_that_it_became_a_ticket(chat, account):
    visit("visitor_leave_message", account, data=LEFT)

    begun = LedgerEntry.objects.filter(action="erasure.begun", params__unit="chat.conversation").get()
    assert begun.params["reason"] == "became_ticket"
    assert begun.params["marks"] == [ledger.mark(chat.pk)]
    assert "rule" not in begun.params


def test_chat_on_hold_stays_when_it_becomes_a_ticket_until_the_hold_is_released(chat, account):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    hold = factories.hold(chat)

    page = visit("visitor_leave_message", account, data=LEFT).content.decode()

    assert "What you wrote is now a ticket." in page
    assert "Has been erased" not in page
    assert Conversation.objects.get().status == "closed"
    assert erase_what_became_tickets() == 0
    Suspension.objects.filter(pk=hold.pk).update(released_at=timezone.now())
    assert erase_what_became_tickets() == 1
    assert not Conversation.objects.exists()


def test_chat_whose_erasure_fails_is_erased_by_the_timetable(chat, account, caplog):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    with breaking("default", 'DELETE FROM "chat_message"'):
        visit("visitor_leave_message", account, data=LEFT)
    assert Conversation.objects.count() == Ticket.objects.count() == 1
    assert "became tickets and could not be erased" in caplog.text

    tasks.erase_what_became_tickets()
    tasks.erase_what_became_tickets()

    assert not Conversation.objects.exists()
    assert LedgerEntry.objects.filter(action="erasure.done").exists()


def test_timetable_leaves_chats_alone_that_are_no_tickets(chat, account):
    end_chat(conversation=chat, side="agent")

    assert erase_what_became_tickets() == 0
    assert Conversation.objects.count() == 1


def test_people_of_the_erased_chat_and_the_ticket_are_not_one(chat, account):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)

    visit("visitor_leave_message", account, data=LEFT)

    assert [contact.email for contact in Contact.objects.all()] == ["vera@mail.example"]


def test_ticket_has_a_consent_of_its_own(chat, account):
    visit("visitor_leave_message", account, data=LEFT)

    assert ConsentRecord.objects.get().form == "ticket"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "vera"),
        ("email", "v@mail.example\nBcc: x@mail.example"),
        ("message", " "),
        ("message", "a\x00b"),
        ("message", "x" * 20_001),
        ("consent_answer", ""),
        ("notice", "7"),
    ],
)
def test_bad_input_is_refused_and_the_chat_goes_on(chat, account, field, value):
    response = visit("visitor_leave_message", account, data=LEFT | {field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Conversation.objects.get().status == "waiting"
    assert not Ticket.objects.exists()


def test_message_left_twice_opens_one_ticket(chat, account):
    visit("visitor_leave_message", account, data=LEFT)

    response = visit("visitor_leave_message", account, data=LEFT)

    assert response.status_code == 404  # the chat is erased
    assert Ticket.objects.count() == 1


def test_service_refuses_a_closed_chat_and_a_missing_consent(chat, account):
    left = {"conversation": chat, "name": "", "email": "vera@mail.example", "message": "Hi"}
    notice = ConsentNotice.objects.get(account=account)

    with pytest.raises(ConsentMissing):
        leave_message(**left, given=Given(notice))
    assert Conversation.objects.get().status == "waiting"

    end_chat(conversation=chat, side="agent")
    with pytest.raises(ChatEnded):
        leave_message(**left, given=Given.to_all(notice))
    assert not Ticket.objects.exists()
