"""Starting a chat: refused by the server without consent, and then nothing is stored."""

import re

import pytest
from django.test import Client

from chat.models import Conversation, Message
from chat.services.conversations import hash_token
from helpdesk.models import Account, Contact
from privacy.models import ConsentRecord, DailyCount, DataKey
from tests import factories
from tests.chat.visiting import answers, visit

STORED = [Conversation, Message, Contact, ConsentRecord, DailyCount, DataKey]


@pytest.fixture
def nothing_stored(account):
    before = [model.objects.count() for model in STORED]
    yield
    assert [model.objects.count() for model in STORED] == before


def start(account, **given):
    return visit("chat_start", account, token=None, data=answers(**given))


def test_start_gives_the_token_once_and_stores_its_hash(account):
    response = start(account)

    chat = Conversation.objects.get()
    token = response["X-Chat-Token"]
    assert response.status_code == 201
    assert chat.token_hash == hash_token(token)
    assert token not in response.content.decode()
    assert (chat.contact.name, chat.contact.email) == ("Vera", "vera@mail.example")
    assert chat.contact.verified_at is None
    assert [entry.body for entry in chat.messages.all()] == ["Hello?"]


def test_start_keeps_the_proof_of_what_was_agreed_to(account):
    start(account)

    record = ConsentRecord.objects.get()
    assert (record.notice.version, record.form, record.mechanism) == (1, "chat", "field")


def test_proof_names_the_language_in_which_it_was_asked(account):
    page = Client().get(f"/chat/{account.public_id}/?language=fr").content.decode()
    action = re.search(r'data-form="start" action="([^"]+)"', page)[1]

    assert Client().post(action, answers()).status_code == 201
    assert ConsentRecord.objects.get().language == "fr"


@pytest.mark.usefixtures("nothing_stored")
def test_start_without_consent_is_refused_and_keeps_what_was_typed(account):
    form = answers(name="Vera V.", question="Where is\nmy <tea>?")
    del form["consent_answer"]

    response = visit("chat_start", account, token=None, data=form)

    page = response.content.decode()
    assert response.status_code == 422
    assert "Without it we store nothing" in page
    assert 'value="Vera V."' in page
    assert "Where is\nmy &lt;tea&gt;?" in page


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("consent", ["", "false", "False"])
def test_start_with_consent_denied_is_refused(account, consent):
    assert start(account, consent_answer=consent).status_code == 422


def test_start_with_a_notice_that_has_changed_shows_the_new_one_unticked(account):
    factories.asks(account, "I agree to something new.")
    before = [model.objects.count() for model in STORED]

    response = start(account, notice="1")

    page = response.content.decode()
    assert response.status_code == 422
    assert "I agree to something new." in page
    assert "The text of the consent has changed" in page
    assert "checked" not in page
    assert [model.objects.count() for model in STORED] == before


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("notice", ["", "0", "x", "99999999999999999999", "1 OR 1"])
def test_start_with_a_notice_that_never_was_is_refused(account, notice):
    assert start(account, notice=notice).status_code == 422


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a" * 101),
        ("name", "Vera\r\nBcc: all@mail.example"),
        ("email", "vera"),
        ("email", "a@b.example, c@d.example"),
        ("email", "x" * 250 + "@mail.example"),
        ("question", "q" * 4001),
        ("question", "a\x00b"),
    ],
)
def test_start_with_bad_input_is_refused_beside_its_field(account, field, value):
    response = start(account, **{field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "n" * 101, "At most 100 characters fit here; there are 101."),
        (
            "email",
            "e" * 250 + "@mail.example",
            "An email address has at most 254 characters; this one has 263.",
        ),
        ("question", "q" * 4001, "A message has at most 4000 characters; this one has 4001."),
    ],
)
def test_what_is_too_long_is_told_and_not_cut(account, field, value, says):
    asked = visit("chat_page", account).content.decode()
    response = start(account, **{field: value})

    assert "maxlength" not in asked
    assert response.context["form"].errors == {field: [says]}
    assert value in response.content.decode()


def test_start_drops_what_was_not_asked(account):
    account.chat_name = account.chat_email = Account.Field.OFF
    account.save()

    response = start(account, name="Vera", email="vera@mail.example")

    contact = Contact.objects.get()
    assert response.status_code == 201
    assert (contact.name, contact.email) == ("", "")


def test_start_needs_no_consent_where_the_account_asks_for_none(account):
    factories.asks_nothing(account)

    response = visit("chat_start", account, token=None, data={"question": "Hello?"})

    assert response.status_code == 201
    assert ConsentRecord.objects.count() == 0


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_start_from_another_sites_page_is_refused(account, origin):
    assert visit("chat_start", account, token=None, data=answers(), Origin=origin).status_code == 403


def test_start_from_our_own_page_is_accepted(account):
    response = visit("chat_start", account, token=None, data=answers(), Origin="http://testserver")

    assert response.status_code == 201


def test_same_address_never_joins_an_earlier_contact(account):
    start(account)
    start(account)

    assert Contact.objects.count() == 2


def test_start_answers_only_to_post(account):
    assert visit("chat_start", account, token=None).status_code == 405


def test_text_that_looks_like_ciphertext_stays_that_text(account):
    start(account, question="gAAAAABk-token")
    sealed = Message.objects.get()

    token_like = "1.AAAA." + "B" * 60
    start(account, question=token_like)

    assert sealed.body == "gAAAAABk-token"
    assert Message.objects.order_by("-created_at")[0].body == token_like


def test_agents_cookie_gives_a_visitor_nothing(account, agent_client: Client):
    response = agent_client.post(f"/chat/{account.public_id}/messages/", {"body": "Hello"})

    assert response.status_code == 404
