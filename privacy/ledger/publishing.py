"""Publish the ledger's head where whoever runs the databases can't take it back."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from privacy.ledger.chain import append
from privacy.ledger.heads import PUBLISHED, file_name, head_document, heads_folder
from privacy.ledger.signing import fingerprint, signing_key


class Publication(NamedTuple):
    """A head and where it went; ``mailed`` counts addresses."""

    head: dict[str, Any]
    path: Path
    mailed: int

    def as_json(self) -> dict[str, Any]:
        return {"head": self.head, "path": str(self.path), "mailed": self.mailed}


class HeadNotMailed(Exception):
    """The head is in the folder, and the mail with it could not be sent."""


def publish_head() -> Publication:
    """Write a signed head into the folder of heads as a new file, and mail it where that is wished.

    That it was published is an entry itself, and the head stands at that entry. Raises ``OSError`` where the
    folder can't be written, :class:`HeadNotMailed` where the mail fails; running it again publishes anew.
    """
    addresses = settings.LETHE_HEADS_MAIL if settings.LETHE_SENDS_MAIL else []
    key = fingerprint(signing_key().public_key())
    head = head_document(append(PUBLISHED, key=key, mailed_to=len(addresses)))
    text = json.dumps(head, indent=2) + "\n"
    path = heads_folder() / file_name(head)
    _write_new(path, text.encode())
    if addresses:
        _mail(head, path.name, text, addresses)
    return Publication(head, path, len(addresses))


def _write_new(path: Path, text: bytes) -> None:
    """Write a new file in one piece and in its place: where files can only be added, none can be renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(file, text)
        os.fsync(file)
    finally:
        os.close(file)


def _mail(head: dict[str, Any], name: str, text: str, addresses: list[str]) -> None:
    mail = EmailMessage(
        subject=_("Head %(seq)d of the ledger") % {"seq": head["seq"]},
        body=_(
            "Keep the attached file: with it anybody can later show whether the ledger was changed, cut or"
            " rebuilt. It holds no personal data.\n\nEntry: %(seq)d\nHash: %(hash)s\nKey: %(key)s\n"
        )
        % head,
        to=addresses,
    )
    mail.attach(name, text, "application/json")
    try:
        mail.send()
    except OSError as error:  # smtplib's errors are among them
        raise HeadNotMailed("The head is in its folder; the mail with it could not be sent.") from error
