"""Origins of web pages: what may stand in ``frame-ancestors``, and nothing else."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.\-]*[a-z0-9])?(?::\d{1,5})?")
LIMIT = 50
LONGEST = 270  # a host name has at most 253 characters; all of them travel in one header


def clean_origins(text: str) -> list[str]:
    """Return the origins in ``text``, one a line.

    Raises :class:`ValidationError` for anything that is not exactly scheme, host and port: a path, a
    wildcard, or a character that could end a header.
    """
    lines = [line.strip().lower() for line in text.split("\n") if line.strip()]
    if len(lines) > LIMIT:
        raise ValidationError(_("At most %d sites.") % LIMIT)
    for line in lines:
        if len(line) > LONGEST or not _ORIGIN.fullmatch(line) or not _has_good_port(line):
            raise ValidationError(
                _(
                    "“%(line)s” is not the address of a site. Write one a line, such as https://www.example.com"
                ),
                params={"line": line},
            )
    return list(dict.fromkeys(lines))


def _has_good_port(origin: str) -> bool:
    try:
        return urlsplit(origin).port != 0
    except ValueError:
        return False
