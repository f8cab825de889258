"""Forms as no browser sends them: other character sets, far too much, halves of characters."""

import pytest
from django.test import Client

from helpdesk.models import Contact
from tests.chat.visiting import answers, visit

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


def test_text_of_megabytes_is_refused_beside_its_field(account):
    question = "😀" * 300_000

    response = visit("chat_start", account, token=None, data=answers(question=question))

    assert response.status_code == 422
    assert "A message has at most 4000 characters; this one has 300000." in response.content.decode()
    assert question in response.content.decode()
