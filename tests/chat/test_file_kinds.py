"""What a file is, told by what it holds and not by what it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.file_kinds import LOOKED_AT, FileKind, kind_of


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", FileKind.IMAGE),
        (b"\xff\xd8\xff\xe0JFIF", FileKind.IMAGE),
        (b"GIF89a", FileKind.IMAGE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", FileKind.IMAGE),
        (b"\x00\x00\x00\x1cftypavif", FileKind.IMAGE),
        (b"\x00\x00\x00\x1cftypheic", FileKind.IMAGE),
        (b"\x00\x00\x00\x1cftypisom", FileKind.MEDIA),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", FileKind.MEDIA),
        (b"RIFF\x00\x00\x00\x00ACON", FileKind.OTHER),
        (b"%PDF-1.7", FileKind.PDF),
        (b"PK\x03\x04", FileKind.ARCHIVE),
        (b"MZ\x90\x00", FileKind.PROGRAM),
        (b"\x7fELF\x02", FileKind.PROGRAM),
        (b"#!/bin/sh\nrm -rf /", FileKind.PROGRAM),
        (b"\xef\xbb\xbf <!DOCTYPE html><script>", FileKind.WEB_PAGE),
        (b'\n<?xml version="1.0"?><svg onload="x">', FileKind.WEB_PAGE),
        ("Grüße, 你好\r\n\tand so on".encode(), FileKind.TEXT),
        (b"x" * (LOOKED_AT - 1) + "ü".encode(), FileKind.TEXT),
        (b"%PD", FileKind.TEXT),
        (b"text \xff\xfe", FileKind.OTHER),
        (b"\x00\x01\x02", FileKind.OTHER),
        ("turned \u202e letters".encode(), FileKind.OTHER),
    ],
)
def test_kind_is_told_by_the_content(content, kind):
    assert kind_of(content) == kind


@given(st.binary(max_size=LOOKED_AT + 20))
def test_every_content_has_a_kind(content):
    assert kind_of(content) in FileKind
