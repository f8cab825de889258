"""What a person may type: any words, but nothing that a database, a header or a browser can't hold."""

import re
import unicodedata
from email.headerregistry import Address

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")
_LINE_BREAKS = re.compile(r"[\r\n\x85\u2028\u2029]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
ADDRESS_LIMIT = 254


def validate_text(text: str) -> None:
    """Refuse control characters, NUL, half characters and what stands for unreadable bytes.

    Line breaks and tabs are fine. Bytes that are no UTF-8 arrive as U+FFFD, the replacement character.
    """
    if _FORBIDDEN.search(text):
        raise ValidationError(
            _("This text has characters that can't be shown. Please type it again."), "unreadable"
        )


def validate_line(text: str) -> None:
    """Refuse what :func:`validate_text` refuses, and line breaks of any kind."""
    validate_text(text)
    if _LINE_BREAKS.search(text):
        raise ValidationError(_("Please write this on one line."), "line_break")


def validate_address(text: str) -> None:
    """Refuse an address that is not exactly one plain mailbox.

    Python before 3.11.10 misreads some addresses (CVE-2023-27043), so nothing is parsed out of a longer text.
    """
    validate_line(text)
    if len(text) > ADDRESS_LIMIT:
        raise ValidationError(
            _("An email address has at most %(limit)d characters; this one has %(length)d."),
            "too_long",
            {"limit": ADDRESS_LIMIT, "length": len(text)},
        )
    validate_email(text)
    local, _at, domain = text.rpartition("@")
    if unicodedata.normalize("NFKC", text) != text:
        raise ValidationError(_("Enter a valid email address."), "invalid")
    try:
        parsed = Address(username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise ValidationError(_("Enter a valid email address."), "invalid") from error
    if parsed.addr_spec != text:
        raise ValidationError(_("Enter a valid email address."), "invalid")


def without_turns(text: str) -> str:
    """Leave out what turns the direction of all that follows, for a name in a line of ours.

    People who write from right to left may need it inside their own words, where it is allowed and kept.
    """
    return _TURNS.sub("", text)
