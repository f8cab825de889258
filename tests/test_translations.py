"""Visitors read every page in English, French, German and Spanish; another language is one more file."""

import re

import pytest
from django.utils.translation import gettext, ngettext, override

from config.catalogues import compile_catalogues
from tests.translations import LANGUAGES, catalogue, messages, missing

pytestmark = pytest.mark.once

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_says_everything_that_visitors_read(language):
    assert missing(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_loses_or_invents_what_is_filled_in(language):
    for entry in catalogue(language):
        if not entry.id:
            continue
        said = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        asked = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
        wanted = {tuple(sorted(PLACEHOLDER.findall(form))) for form in asked}
        for form in said:
            assert tuple(sorted(PLACEHOLDER.findall(form))) in wanted, (entry.id, form)


def test_enough_was_found():
    found = {message.text for message in messages()}

    assert len(found) > 300
    assert {"Start chat", "What happens to my data", "Leave a message", "%(length)s %(after)s"} <= found


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Senden"), ("fr", "Envoyer"), ("es", "Enviar"), ("en", "Send")]
)
def test_catalogues_are_read(language, said):
    with override(language):
        assert gettext("Send") == said
        assert "3" in ngettext("%d day", "%d days", 3) % 3


def test_catalogue_is_written_once_and_again_when_its_words_change(tmp_path):
    po = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hi"\nmsgstr "Hallo"\n'
    )

    assert compile_catalogues(tmp_path) == [po.with_suffix(".mo")]
    assert compile_catalogues(tmp_path) == []
    assert po.with_suffix(".mo").read_bytes()[:4] == b"\xde\x12\x04\x95"
