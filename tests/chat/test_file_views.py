"""Files of chats as they travel: with their message, as downloads, and to nobody else."""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import ChatFile, Conversation
from chat.services.conversations import accept_chat, end_chat
from chat.services.messages import post_message
from chat.streams.rooms import Wish, read_rooms
from helpdesk.models import Account
from privacy.categories import Category
from privacy.encryption.files import stored_files
from privacy.models import DataKey
from privacy.terms import Rule
from tests import factories
from tests.chat.sending import PNG, png, send
from tests.chat.visiting import OTHER_TOKEN, TOKEN, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]

AS_JSON = {"Accept": "application/json"}
LIMIT = 10 * 2**20
REFUSED = {
    "too many": ([png(f"{n}.png") for n in range(6)], "At most 5 files a message."),
    "empty": ([png(content=b"")], "The submitted file is empty."),
    "too large": ([png(content=b"x" * (LIMIT + 1))], "larger than 10.0"),
    "too large in all": ([png(content=b"x" * (LIMIT // 2 + 1)) for _ in "ab"], "larger than 10.0"),
}


@pytest.fixture
def chat(account, agent) -> Conversation:
    return factories.chat(account, token=TOKEN, agent=agent)


def of_agent(chat: Conversation, file: ChatFile) -> str:
    return reverse("chat_file", args=[chat.pk, file.pk])


def says(client: Client, chat: Conversation, *files, **values):
    sent = {"body": "", "client_id": uuid4().hex, "after": chat.last_seq, "files": files} | values
    return client.post(reverse("chat_messages", args=[chat.pk]), sent, headers=AS_JSON)


# --- Sent


def test_visitor_sends_files_with_words(chat, account):
    answer = visit("visitor_messages", account, data={"body": "Both:", "files": [png("a.png"), png("b.png")]})

    assert answer.status_code == 201
    first, _second = ChatFile.objects.all()
    assert f'data-file="{first.pk}"' in answer.text
    assert "b.png" in answer.text
    assert "<a " not in answer.text
    assert (first.message.body, first.message.files_sent, first.message.side) == ("Both:", 2, "visitor")


def test_files_say_enough_without_words(chat, account):
    answer = visit("visitor_messages", account, data={"body": " \n", "files": [png()]})

    assert answer.status_code == 201
    assert "message__body" not in answer.text
    assert ChatFile.objects.get().message.body == ""


def test_agent_sends_files_and_sees_them(chat, agent_client):
    answer = says(agent_client, chat, png("answer.png"), body="Here")

    (entry,) = answer.json()["entries"]
    file = ChatFile.objects.get()
    assert f'href="{of_agent(chat, file)}"' in entry["html"]
    assert file.message.side == "agent"


def test_agent_sends_files_without_script(chat, agent_client):
    sent = {"body": "Here", "client_id": uuid4().hex, "files": [png("answer.png")]}

    page = agent_client.post(reverse("chat_messages", args=[chat.pk]), sent, follow=True)

    assert "answer.png" in page.text
    assert 'enctype="multipart/form-data"' in page.text


@pytest.mark.parametrize("case", REFUSED)
def test_refused_files_of_a_visitor_store_nothing(chat, account, case):
    files, reason = REFUSED[case]
    for file in files:
        file.seek(0)

    answer = visit("visitor_messages", account, data={"body": "Look", "files": files})

    assert (answer.status_code, reason in answer.text) == (422, True)
    assert (chat.messages.count(), list(stored_files())) == (1, [])


@pytest.mark.parametrize("case", REFUSED)
def test_refused_files_of_an_agent_store_nothing(chat, agent_client, case):
    files, reason = REFUSED[case]
    for file in files:
        file.seek(0)

    answer = says(agent_client, chat, *files, body="Look")

    assert (answer.status_code, reason in answer.json()["errors"][0]) == (422, True)
    assert (chat.messages.count(), list(stored_files())) == (1, [])


def test_refused_files_have_to_be_chosen_again_without_script(chat, agent_client):
    sent = {"body": "Kept words", "client_id": uuid4().hex, "files": [png(content=b"")]}

    page = agent_client.post(reverse("chat_messages", args=[chat.pk]), sent)

    assert page.status_code == 422
    assert "Kept words</textarea>" in page.text
    assert "Please choose your files again." in page.text


def test_full_chat_says_so_on_both_sides(chat, account, agent_client, settings):
    settings.LETHE_FILES_A_CHAT = 1
    send(chat)

    visitors = visit("visitor_messages", account, data={"body": "More", "files": [png()]})
    agents = says(agent_client, chat, png(), body="More")

    assert (visitors.status_code, agents.status_code) == (422, 422)
    assert "as many files as it can have" in visitors.text
    assert "as many files as it can have" in agents.json()["errors"][0]


def test_ended_chat_takes_no_files(chat, account, agent_client):
    end_chat(conversation=chat, side="visitor")

    assert visit("visitor_messages", account, data={"files": [png()]}).status_code == 410
    assert says(agent_client, chat, png()).status_code == 409
    assert list(stored_files()) == []


@pytest.mark.django_db(transaction=True)
def test_request_larger_than_any_message_is_refused_before_it_reaches_the_chat(web, start, account):
    chat, token = start(account)
    address = reverse("visitor_messages", args=[account.public_id])

    refused = web.request("POST", address, body={"body": "x" * (12 * 2**20)}, X_Chat_Token=token)
    taken = web.request("POST", address, body={"body": "Hello"}, X_Chat_Token=token)

    assert (refused, taken) == (413, 201)
    assert [message.body for message in chat.messages.all()] == ["Where is my order?", "Hello"]


def test_teammate_attaches_nothing_to_the_chat_of_another(chat, teammate_client):
    assert says(teammate_client, chat, png()).status_code == 403
    assert list(stored_files()) == []


# --- Fetched


def test_file_is_handed_over_as_a_download_that_nothing_opens(chat, account, agent_client, teammate_client):
    (file,) = send(chat, png("page.html", b"<script>alert(1)</script>"))

    for answer in (
        visit("visitor_file", account, file.pk),
        agent_client.get(of_agent(chat, file)),
        teammate_client.get(of_agent(chat, file)),
    ):
        assert answer.content == b"<script>alert(1)</script>"
        assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("token", [None, "", OTHER_TOKEN, TOKEN[:-1], TOKEN.upper()])
def test_file_is_closed_to_who_has_not_the_token(chat, account, token):
    factories.chat(account, token=OTHER_TOKEN)
    (file,) = send(chat)

    assert visit("visitor_file", account, file.pk, token=token).status_code == 404


def test_token_in_the_address_opens_nothing(chat, account):
    (file,) = send(chat)
    address = reverse("visitor_file", args=[account.public_id, file.pk])

    for name in ("token", "X-Chat-Token", "t"):
        assert Client().get(address, {name: TOKEN}).status_code == 404


def test_file_of_another_chat_is_not_found(chat, account, agent_client):
    other = factories.chat(account, token=OTHER_TOKEN)
    (file,) = send(other)

    assert visit("visitor_file", account, file.pk).status_code == 404
    assert agent_client.get(of_agent(chat, file)).status_code == 404
    assert agent_client.get(of_agent(other, file)).status_code == 200


def test_file_does_not_exist_for_strangers(
    chat, other_account, stranger_client, manager_client, operator_client
):
    (file,) = send(chat)

    assert stranger_client.get(of_agent(chat, file)).status_code == 404
    assert visit("visitor_file", other_account, file.pk).status_code == 404
    assert {
        manager_client.get(of_agent(chat, file)).status_code,
        operator_client.get(of_agent(chat, file)).status_code,
    } == {403}
    assert urlsplit(Client().get(of_agent(chat, file))["Location"]).path == "/sign-in/"


def test_file_of_an_archived_chat_is_out_of_the_agents_sight(chat, agent_client):
    (file,) = send(chat)
    Conversation.objects.update(status="closed", closed_at=chat.created_at, archived_at=chat.created_at)

    assert agent_client.get(of_agent(chat, file)).status_code == 404


def test_erased_file_is_not_found(chat, account, agent_client):
    (file,) = send(chat)
    ChatFile.objects.all().delete()

    assert visit("visitor_file", account, file.pk).status_code == 404
    assert agent_client.get(of_agent(chat, file)).status_code == 404


# --- Shown


def test_both_sides_see_each_file_in_page_and_stream(chat, account, agent_client):
    (file,) = send(chat, png('<img src=x onerror="1">.png'), body="Look")

    page, desk = (
        visit("visitor_conversation", account).text,
        agent_client.get(reverse("chat_detail", args=[chat.pk])).text,
    )
    live = read_rooms({chat.pk: Wish(1, {"visitor", "agent"})})[chat.pk].entries[-1].html

    for html in (page, live["visitor"]):
        assert f'type="button" data-action="save-file" data-file="{file.pk}">' in html
        assert str(file.pk) not in html.replace(f'data-file="{file.pk}"', "")
    for html in (desk, live["agent"]):
        assert f'href="{of_agent(chat, file)}">' in html
    for html in (page, desk, *live.values()):
        assert "_img src=x onerror=_1__.png</bdi>" in html
        assert "image, 18 bytes" in html.replace("\xa0", " ")


def test_message_whose_files_went_before_says_so(chat, account):
    send(chat, png("a.png"), png("b.png"))
    ChatFile.objects.all()[0].delete()

    page = visit("visitor_conversation", account).text

    assert "b.png" in page
    assert "1 file was erased on time" in page


@pytest.mark.parametrize("messages", [1, 3])
def test_files_cost_one_more_query_however_many_there_are(
    account, agent, messages, django_assert_num_queries
):
    chat = factories.chat(account, token=TOKEN)
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", agent=agent, body="Hello")
    for _ in range(messages):
        send(chat, png("a.png"), png("b.png"))

    # One more than without files; all keys at once.
    with django_assert_num_queries(11), django_assert_num_queries(1, using="vault"):
        visit("visitor_conversation", account)


def test_file_whose_key_is_lost_takes_no_chat_along(chat, account, agent_client):
    lost, kept = send(chat, png("lost.png"), png("kept.png"), body="Two")
    DataKey.objects.filter(pk=lost.key_id).delete()

    live = read_rooms({chat.pk: Wish(1, {"visitor", "agent"})})[chat.pk].entries[-1].html
    pages = [
        visit("visitor_conversation", account).text,
        agent_client.get(reverse("chat_detail", args=[chat.pk])).text,
    ]

    for html in (*live.values(), *pages):
        assert "kept.png" in html
        assert "its key is lost</bdi>" in html
    assert agent_client.get(of_agent(chat, lost)).status_code == 503
    assert agent_client.get(of_agent(chat, kept)).content == PNG


def test_list_says_that_a_file_was_sent(chat, account, agent_client):
    send(chat)
    assert "sent a file" in agent_client.get(reverse("chat_list")).text

    send(chat, body="With words")
    assert "With words" in agent_client.get(reverse("chat_list")).text


def test_page_that_tells_why_tells_of_the_files(chat: Conversation, agent_client, account: Account):
    factories.policy(account, Category.CHAT_FILE, amount=7)
    address = reverse("chat_kept", args=[chat.pk])
    assert "Files of chats" not in agent_client.get(address).text

    send(chat, png(), png())

    said = "Files of chats (2): Erased 7 days after it is closed, and with the rest at the latest."
    assert said in agent_client.get(address).text
    factories.policy(account, Category.CHAT_FILE, amount=60)
    assert "Files of chats (2): erased with the rest." in agent_client.get(address).text


@pytest.mark.parametrize(
    ("amount", "said"), [(7, "Files of this chat: Erased 7 days after it is closed"), (30, ""), (90, "")]
)
def test_visitor_reads_when_files_go_before_the_chat(chat, account, amount, said):
    factories.policy(account, Category.CHAT_FILE, amount=amount)

    page = visit("visitor_conversation", account).text

    assert ("Files of this chat" in page) == bool(said)
    assert said in page


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_to_fetch_once_the_chat_is_erased(chat, account, agent_client):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    (file,) = send(chat)

    visit("visitor_end", account, data={})

    assert visit("visitor_file", account, file.pk).status_code == 404
    assert agent_client.get(of_agent(chat, file)).status_code == 404
    assert list(stored_files()) == []
