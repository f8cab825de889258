"""How every queue of mail is worked off: claimed, sent, tried again later and later, emptied at the end."""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from helpdesk.models.queued_mail import QueuedMail

log = logging.getLogger(__name__)

BATCH = 50
ATTEMPTS = 8  # with the pauses below: for about four hours
PAUSE = timedelta(minutes=1)
WAITS_AT_MOST = timedelta(days=7)  # also while there is no mail server: what waits is kept
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

Mail = TypeVar("Mail", bound=QueuedMail)


class Words(NamedTuple):
    """What a mail says."""

    subject: str
    body: str


def words_of(template: str, *, language: str, **context: Any) -> Words:
    """Return ``templates/mail/<template>.txt`` in a language; its first line is the subject."""
    with translation.override(language):
        subject, _, body = render_to_string(f"mail/{template}.txt", context).strip().partition("\n")
    return Words(subject=" ".join(subject.split()), body=body.strip() + "\n")


def message_id_of(mail: QueuedMail) -> str:
    """Return the Message-ID that a mail keeps however often it is tried."""
    return f"<{mail.pk}@{urlsplit(settings.LETHE_BASE_URL).hostname}>"


def send_queued(due: QuerySet[Mail], message_of: Callable[[Mail], EmailMessage], *, now: datetime) -> int:
    """Send the first mails of ``due`` and return how many went out.

    A mail is claimed before it is sent, outside any transaction: two workers never send one twice, and
    no lock is held while a server is slow. What a crash leaves is tried again under the same Message-ID.
    ``message_of`` raises :class:`ValueError` for what can't be a mail: it is given up at once.
    """
    return sum(_attempt(mail, message_of, now) for mail in due[:BATCH] if _claim(mail, now))


def give_up_old(mails: QuerySet[Mail], *, now: datetime) -> int:
    """Give up and empty what has waited for longer than seven days; returns how many mails that were."""
    old = mails.filter(state=QueuedMail.State.QUEUED, created_at__lt=now - WAITS_AT_MOST)
    given_up = old.update(to=None, subject=None, body=None, state=QueuedMail.State.FAILED)
    if given_up:
        log.warning("%d mails are given up: they waited for %d days.", given_up, WAITS_AT_MOST.days)
    return given_up


def _claim(mail: QueuedMail, now: datetime) -> bool:
    mine = _row(mail).filter(state=QueuedMail.State.QUEUED, next_attempt_at=mail.next_attempt_at)
    pause = PAUSE * 2**mail.attempts
    return bool(mine.update(attempts=F("attempts") + 1, next_attempt_at=now + pause))


def _attempt(mail: Mail, message_of: Callable[[Mail], EmailMessage], now: datetime) -> bool:
    try:
        message_of(mail).send()
    except (ValueError, OSError) as error:  # what smtplib raises is an OSError, too
        if _is_final(error) or mail.attempts + 1 >= ATTEMPTS:
            _give_up(mail, error)
    else:
        _finish(mail, state=QueuedMail.State.SENT, sent_at=now)
        return True
    return False


def _is_final(error: Exception) -> bool:
    """Tell whether a mail would fail again tomorrow: it can't be one, or its address is refused for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, ValueError)


def _give_up(mail: QueuedMail, error: Exception) -> None:
    log.warning(
        "Mail %s is given up: %s", mail.pk, type(error).__name__
    )  # the text of the error names the address
    _finish(mail, state=QueuedMail.State.FAILED)


def _finish(mail: QueuedMail, **outcome: Any) -> None:
    _row(mail).update(to=None, subject=None, body=None, **outcome)


def _row(mail: QueuedMail) -> QuerySet[Any]:
    return type(mail)._default_manager.filter(pk=mail.pk)
