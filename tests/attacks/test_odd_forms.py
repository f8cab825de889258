"""Forms as no browser sends them: other character sets, far too much, halves of characters."""

import pytest
from django.test import Client

from helpdesk.models import Contact
from tests import factories
from tests.chat.visiting import TOKEN, answers, visit

FORMS = ["/tickets/new/{}/", "/chat/{}/start/", "/sign-in/", "/tickets/open/"]
# Codecs that Python knows: some make half a character of these words, some are none for text at all.
CODECS = [
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-16",
    "idna",
    "punycode",
    "hex",
    "zip",
    "rot13",
]
HALVES = "--b\r\nContent-Disposition: form-data; name={}\r\n\r\n+2AA- \\ud800\r\n--b--\r\n"


def post_parts(path: str, body: str, *, charset: str = "") -> int:
    content_type = "multipart/form-data; boundary=b" + (f"; charset={charset}" if charset else "")
    client = Client(raise_request_exception=False)
    return client.generic("POST", path, body.encode(), content_type).status_code


@pytest.mark.parametrize("charset", [*CODECS, "undefined", "latin-1", "base64"])
@pytest.mark.parametrize("form", FORMS)
def test_form_in_another_character_set_is_a_bad_request(account, form, charset):
    status = post_parts(form.format(account.public_id), HALVES.format('"message"'), charset=charset)

    assert status == 400
    assert not Contact.objects.exists()


def test_part_that_names_an_odd_codec_is_a_bad_request(account):
    names = ["\"files\"; filename*=hex''%41", "\"files\"; filename*=undefined''%41", "x; y*=rot13''%41"]

    statuses = {post_parts(f"/tickets/new/{account.public_id}/", HALVES.format(name)) for name in names}

    assert statuses <= {400, 422}


@pytest.mark.parametrize("charset", ["", "utf-8", "UTF8", '"utf-8"', "no-such-set"])
def test_form_in_utf8_is_read(account, charset):
    status = post_parts(f"/tickets/new/{account.public_id}/", HALVES.format('"message"'), charset=charset)

    assert status == 422


BROKEN = {"lone bytes": b"%FF%FE", "half a character": b"%ED%A0%80", "itself": b"%EF%BF%BD"}


@pytest.mark.parametrize("words", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize(
    ("form", "others", "field"),
    [
        ("/chat/{}/start/", b"name=V&consent_answer=on&notice=1", b"question"),
        ("/chat/{}/start/", b"question=Hi&consent_answer=on&notice=1", b"name"),
        ("/tickets/new/{}/", b"email=v@mail.example&subject=Hi&consent_answer=on&notice=1", b"message"),
        ("/tickets/new/{}/", b"email=v@mail.example&message=Hi&consent_answer=on&notice=1", b"subject"),
    ],
    ids=["question of a chat", "name", "message of a ticket", "subject"],
)
def test_bytes_that_are_no_text_are_refused_beside_their_field(account, form, others, field, words):
    path, body = form.format(account.public_id), others + b"&" + field + b"=a" + words

    response = Client().generic("POST", path, body, "application/x-www-form-urlencoded")

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field.decode()]
    assert "characters that can&#x27;t be shown" in response.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("words", BROKEN.values(), ids=BROKEN)
def test_bytes_that_are_no_text_are_no_message_of_either_side(account, agent, agent_client, words):
    chat = factories.chat(account, token=TOKEN, agent=agent)
    before = chat.messages.count()
    form = {"data": b"body=a" + words, "content_type": "application/x-www-form-urlencoded"}

    visitors = Client(headers={"X-Chat-Token": TOKEN}).post(f"/chat/{account.public_id}/messages/", **form)
    agents = agent_client.post(f"/agent/chats/{chat.pk}/messages/", **form)

    assert [visitors.status_code, agents.status_code] == [422, 422]
    assert "characters that can&#x27;t be shown" in visitors.content.decode()
    assert chat.messages.count() == before


def test_text_of_megabytes_is_refused_beside_its_field(account):
    question = "😀" * 300_000

    response = visit("chat_start", account, token=None, data=answers(question=question))

    assert response.status_code == 422
    assert "A message has at most 4000 characters; this one has 300000." in response.content.decode()
    assert question in response.content.decode()
