"""What a file is, told by its content: a name and what a browser says of it can be anything.

Nothing is opened or shown because of it; people read it before they open what somebody sent them.
"""

import codecs

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

LOOKED_AT = 512  # bytes from the beginning


class FileKind(TextChoices):
    IMAGE = "image", _("image")
    PDF = "pdf", _("PDF")
    MEDIA = "media", _("audio or video")
    ARCHIVE = "archive", _("document or archive")
    PROGRAM = "program", _("program")
    WEB_PAGE = "web_page", _("web page")
    TEXT = "text", _("text")
    OTHER = "other", _("unknown kind")


_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": FileKind.IMAGE,
    b"\xff\xd8\xff": FileKind.IMAGE,
    b"GIF87a": FileKind.IMAGE,
    b"GIF89a": FileKind.IMAGE,
    b"II*\x00": FileKind.IMAGE,
    b"MM\x00*": FileKind.IMAGE,
    b"%PDF-": FileKind.PDF,
    b"ID3": FileKind.MEDIA,
    b"OggS": FileKind.MEDIA,
    b"fLaC": FileKind.MEDIA,
    b"\x1aE\xdf\xa3": FileKind.MEDIA,
    b"PK\x03\x04": FileKind.ARCHIVE,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": FileKind.ARCHIVE,
    b"\x1f\x8b": FileKind.ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": FileKind.ARCHIVE,
    b"Rar!": FileKind.ARCHIVE,
    b"MZ": FileKind.PROGRAM,
    b"\x7fELF": FileKind.PROGRAM,
    b"#!": FileKind.PROGRAM,
    b"\xfe\xed\xfa\xce": FileKind.PROGRAM,
    b"\xfe\xed\xfa\xcf": FileKind.PROGRAM,
    b"\xce\xfa\xed\xfe": FileKind.PROGRAM,
    b"\xcf\xfa\xed\xfe": FileKind.PROGRAM,
    b"\xca\xfe\xba\xbe": FileKind.PROGRAM,
}
_IN_A_BOX = {b"WEBP": FileKind.IMAGE, b"WAVE": FileKind.MEDIA, b"AVI ": FileKind.MEDIA}
_PICTURES = {b"avif", b"avis", b"heic", b"heix", b"mif1"}
_TAGS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<!--")


def kind_of(content: bytes) -> FileKind:
    """Return the kind of a file by its first bytes; a file without a known beginning is text or unknown."""
    beginning = content[:LOOKED_AT]
    for bytes_, kind in _BEGINNINGS.items():
        if beginning.startswith(bytes_):
            return kind
    if beginning[:4] == b"RIFF":
        return _IN_A_BOX.get(beginning[8:12], FileKind.OTHER)
    if beginning[4:8] == b"ftyp":
        return FileKind.IMAGE if beginning[8:12] in _PICTURES else FileKind.MEDIA
    if beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_TAGS):
        return FileKind.WEB_PAGE
    return FileKind.TEXT if _is_text(beginning) else FileKind.OTHER


def _is_text(beginning: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(beginning)  # the last letter may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\n\r\f\ufeff" for letter in text)
