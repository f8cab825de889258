"""The agents' chat pages: what they show, what they refuse, and to whom."""

from uuid import uuid4

import pytest
from django.urls import reverse

from chat.models import Conversation, Message
from chat.services.conversations import end_chat, start_chat
from privacy.categories import Category
from privacy.services.people.consent import Given
from privacy.terms import Rule
from tests import factories

EVERY_URL_OF_A_CHAT = [
    "chat_detail",
    "chat_messages",
    "chat_accept",
    "chat_typing",
    "chat_seen",
    "chat_close",
    "chat_erase",
]


def url(name: str, chat: Conversation) -> str:
    return reverse(name, args=[chat.pk])


# Who gets in


@pytest.mark.parametrize("name", EVERY_URL_OF_A_CHAT)
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete"])
def test_chat_of_another_account_is_404_for_every_method(name, method, account, agent, stranger_client):
    chat = factories.chat(account, agent=agent)

    response = getattr(stranger_client, method)(url(name, chat))

    assert response.status_code == 404
    chat.refresh_from_db()
    assert (chat.status, chat.last_seq, chat.agent_seen_seq) == ("active", 1, 0)


def test_foreign_erased_and_invented_chats_are_answered_alike(account, agent, agent_client, other_account):
    foreign = factories.chat(other_account)
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    erased = factories.chat(account, agent=agent)
    pages = [agent_client.get(reverse("chat_detail", args=[pk])) for pk in (foreign.pk, uuid4())]

    erased_page = _erased_page(agent_client, erased)

    bodies = {_without_tokens(page) for page in (*pages, erased_page)}
    assert len(bodies) == 1
    assert "There is no such chat" in bodies.pop()
    assert {page.status_code for page in (*pages, erased_page)} == {404}


def _erased_page(client, chat):
    pk = chat.pk
    Message.objects.filter(conversation=chat).delete()
    Conversation.objects.filter(pk=pk).delete()
    return client.get(reverse("chat_detail", args=[pk]))


def _without_tokens(page) -> str:
    lines = page.content.decode().splitlines()
    return "\n".join(line for line in lines if "csrf" not in line.lower())


@pytest.mark.parametrize("name", ["chat_list", "chat_closed", "chat_queue", "agent_home", "chat_sound"])
def test_anonymous_is_sent_to_sign_in(name, client, db):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("sign_in"))


@pytest.mark.parametrize("name", EVERY_URL_OF_A_CHAT)
def test_anonymous_is_sent_to_sign_in_from_a_chat(name, account, client):
    chat = factories.chat(account)

    assert client.post(url(name, chat))["Location"].startswith(reverse("sign_in"))


@pytest.mark.parametrize("name", ["chat_accept", "chat_typing", "chat_seen", "chat_close", "chat_erase"])
def test_nothing_changes_by_get(name, account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    assert agent_client.get(url(name, chat)).status_code == 405


def test_manager_has_no_chats(account, manager_client):
    chat = factories.chat(account)

    assert manager_client.get(reverse("chat_list")).status_code == 403
    assert manager_client.get(url("chat_detail", chat)).status_code in {403, 404}


# The list and the page of a chat


def test_agent_home_is_the_list(agent_client):
    assert agent_client.get(reverse("agent_home"))["Location"] == reverse("chat_list")


def test_list_shows_names_words_and_one_accept_button(account, agent_client):
    visitor = factories.contact(account, name="Vera", email="vera@mail.example")
    factories.chat(account, contact=visitor, says=("Where is it?",))

    page = agent_client.get(reverse("chat_list")).content.decode()

    assert ("Vera" in page, "Where is it?" in page, page.count(">Accept</button>")) == (True, True, 1)


def test_list_escapes_what_visitors_type(account, agent_client):
    visitor = factories.contact(account, name="<b>bold</b>")
    factories.chat(account, contact=visitor, says=("<script>alert(1)</script>",))

    page = agent_client.get(reverse("chat_list")).content.decode()

    assert ("<b>bold" in page, "<script>alert" in page) == (False, False)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_queue_is_the_desk_alone(account, agent_client):
    factories.chat(account)

    page = agent_client.get(reverse("chat_queue")).content.decode()

    assert page.startswith('<div class="desk" data-attention="1"')
    assert "<html" not in page


def test_page_of_a_waiting_chat_offers_accept_and_no_message(account, agent_client):
    chat = factories.chat(account)

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert (page.count(">Accept</button>"), "<textarea" in page, "close-chat" in page) == (1, False, False)


def test_page_of_own_chat_has_log_message_send_and_close(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert 'role="log" aria-label="Conversation"' in page
    assert '<label class="visually-hidden" for="message">Message</label>' in page
    assert ">Send</button>" in page
    assert page.count(">Close chat</button>") == 2  # the opener, and the one in the dialog


def test_page_of_a_teammates_chat_can_be_read_but_not_answered(account, teammate, agent_client):
    chat = factories.chat(account, agent=teammate, says=("Only words",))

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert ("Only words" in page, "Tom Teammate answers this chat." in page) == (True, True)
    assert ("<textarea" in page, "Close chat" in page) == (False, False)


def test_supervisor_can_close_any_open_chat(account, agent, supervisor_client):
    chat = factories.chat(account, agent=agent)

    supervisor_client.post(url("chat_close", chat))

    chat.refresh_from_db()
    assert chat.status == "closed"


def test_page_marks_a_typed_address_as_unverified(account, agent, agent_client):
    chat = factories.chat(account, agent=agent, contact=factories.contact(account, email="vera@mail.example"))

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert "vera@mail.example" in page
    assert '<span class="badge badge--warning">unverified</span>' in page


def test_page_hints_at_others_with_the_same_address_of_this_account_only(
    account, other_account, agent, agent_client
):
    factories.contact(account, name="Vera Earlier", email="vera@mail.example")
    factories.contact(account, name="Somebody Else", email="else@mail.example")
    factories.contact(other_account, name="Vera Foreign", email="vera@mail.example")
    chat = factories.chat(account, agent=agent, contact=factories.contact(account, email="Vera@mail.example"))

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert ("Possibly the same as" in page, "Vera Earlier" in page) == (True, True)
    assert ("Somebody Else" in page, "Vera Foreign" in page) == (False, False)


def test_people_without_address_are_not_the_same(account, agent, agent_client):
    factories.contact(account, email="")
    chat = factories.chat(account, agent=agent, contact=factories.contact(account, email=""))

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert "Possibly the same as" not in page


def test_page_tells_the_consent(account, agent, agent_client):
    notice = account.consent_notices.get()
    started = start_chat(account=account, name="", email="", question="", given=Given.to_all(notice))

    page = agent_client.get(url("chat_detail", started.conversation)).content.decode()

    assert "given for notice 1, " in page


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ({"rule": Rule.KEEP}, "Kept until somebody deletes it"),
        ({"rule": Rule.AT_ONCE}, "Erased as soon as it is closed"),
        ({"rule": Rule.AFTER, "amount": 3, "unit": "weeks"}, "Erased 3 weeks after it is closed"),
    ],
)
def test_header_tells_when_the_chat_is_erased(term, words, account, agent, agent_client):
    factories.policy(account, Category.CHAT, **term)
    chat = factories.chat(account, agent=agent)

    assert words in agent_client.get(url("chat_detail", chat)).content.decode()


def test_closed_chat_says_who_ended_it_and_takes_no_message(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)
    end_chat(conversation=chat, side=Conversation.Side.VISITOR)

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert ("The visitor ended this chat." in page, "<textarea" in page) == (True, False)


def test_log_names_the_visitor(account, agent, agent_client):
    visitor = factories.contact(account, name="Vera <b>")
    chat = factories.chat(account, agent=agent, contact=visitor)

    page = agent_client.get(url("chat_detail", chat)).content.decode()

    assert '<span class="message__author">Vera &lt;b&gt;</span>' in page


def test_pages_are_not_kept_by_the_browser(account, agent, agent_client):
    chat = factories.chat(account, agent=agent)

    for address in (reverse("chat_list"), reverse("chat_queue"), url("chat_detail", chat)):
        assert "no-store" in agent_client.get(address)["Cache-Control"]


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_chat_asks_the_same_number_of_queries(
    count, account, agent, teammate, agent_client, django_assert_num_queries
):
    chat = factories.chat(account, agent=agent, says=("words",) * count)
    for _ in range(count):
        factories.chat(account)
        twin = factories.contact(account, email=chat.contact.email)
        factories.chat(account, agent=teammate, contact=twin)
        factories.ticket(account, requester=twin)
    agent_client.get(url("chat_detail", chat))

    # session, person, chat, contact; desk and its words; log; others of the address and their tickets;
    # consent; answers to the account's own fields; technical data; policy
    with django_assert_num_queries(14), django_assert_num_queries(1, using="vault"):
        agent_client.get(url("chat_detail", chat))
