"""Mail out: rows of a queue, sealed like the ticket they belong to, emptied once they are sent."""

import logging
import smtplib
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from helpdesk.models import OutgoingMail, Ticket, TicketMessage, TicketParticipant
from helpdesk.ticket_links import link_of

log = logging.getLogger(__name__)

BATCH = 50
ATTEMPTS = 8  # with the pauses below: for about four hours
PAUSE = timedelta(minutes=1)
CONFIRMATION = "ticket_opened"
CONFIRMATION_PAUSE = timedelta(hours=1)


def confirm_ticket(ticket: Ticket, participant: TicketParticipant) -> OutgoingMail | None:
    """Queue the link to a new ticket, without a word of what was typed: the address may be somebody else's.

    At most one such mail goes to an address in an hour, so the form can't be used to flood anybody.
    """
    since = ticket.created_at - CONFIRMATION_PAUSE
    index = participant.contact.email_index
    sent = OutgoingMail.objects.filter(template=CONFIRMATION, ticket__requester__email_index=index)
    if not index or sent.filter(created_at__gt=since).exists():
        return None
    return queue_mail(ticket=ticket, participant=participant, template=CONFIRMATION)


def mail_reply(ticket: Ticket, participant: TicketParticipant, message: TicketMessage) -> OutgoingMail | None:
    """Queue an agent's reply with the link to the thread."""
    if not participant.contact.email:
        return None
    return queue_mail(ticket=ticket, participant=participant, template="ticket_replied", reply=message.body)


def queue_mail(
    *, ticket: Ticket, participant: TicketParticipant, template: str, **context: Any
) -> OutgoingMail:
    """Queue a mail to a participant in the caller's transaction, in the language of the account.

    The first line of ``templates/mail/<template>.txt`` is the subject.
    """
    account = ticket.account
    context |= {
        "account": account,
        "ticket": ticket,
        "link": link_of(participant),
        "notice_link": settings.LETHE_BASE_URL + reverse("privacy_notice", args=[account.public_id]),
    }
    with translation.override(account.language):
        subject, _, body = render_to_string(f"mail/{template}.txt", context).strip().partition("\n")
    return OutgoingMail.objects.create(
        account=account,
        ticket=ticket,
        template=template,
        key_id=participant.key_id,
        to=participant.contact.email,
        subject=" ".join(subject.split()),
        body=body.strip() + "\n",
    )


def send_due_mail(*, now: datetime | None = None) -> int:
    """Send what is due, oldest first, and return how many mails went out.

    A mail is claimed before it is sent, outside any transaction: two workers never send one twice, and
    no lock is held while a server is slow. What a crash leaves is tried again under the same Message-ID.
    """
    now = now or timezone.now()
    due = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED, next_attempt_at__lte=now)
    due = due.filter(account__is_active=True)
    rows = due.select_related("account", "ticket").order_by("next_attempt_at", "pk")[:BATCH]
    return sum(_attempt(mail, now) for mail in rows if _claim(mail, now))


def _claim(mail: OutgoingMail, now: datetime) -> bool:
    mine = OutgoingMail.objects.filter(
        pk=mail.pk, state=OutgoingMail.State.QUEUED, next_attempt_at=mail.next_attempt_at
    )
    pause = PAUSE * 2**mail.attempts
    return bool(mine.update(attempts=F("attempts") + 1, next_attempt_at=now + pause))


def _attempt(mail: OutgoingMail, now: datetime) -> bool:
    try:
        message_of(mail).send()
    except (ValueError, OSError) as error:  # what smtplib raises is an OSError, too
        if _is_final(error) or mail.attempts + 1 >= ATTEMPTS:
            _give_up(mail, error)
    else:
        _finish(mail, state=OutgoingMail.State.SENT, sent_at=now)
        return True
    return False


def _is_final(error: Exception) -> bool:
    """Tell whether a mail would fail again tomorrow: it can't be one, or its address is refused for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, ValueError)


def _give_up(mail: OutgoingMail, error: Exception) -> None:
    log.warning(
        "Mail %s is given up: %s", mail.pk, type(error).__name__
    )  # the text of the error names the address
    _finish(mail, state=OutgoingMail.State.FAILED)


def _finish(mail: OutgoingMail, **outcome: Any) -> None:
    OutgoingMail.objects.filter(pk=mail.pk).update(to=None, subject=None, body=None, **outcome)


def message_of(mail: OutgoingMail) -> EmailMessage:
    """Return the mail as it goes out; raises :class:`ValueError` where it was erased or can't be a mail."""
    if not mail.to:
        raise ValueError("This mail has no address any more.")
    headers = {"Message-ID": f"<{mail.pk}@{urlsplit(settings.LETHE_BASE_URL).hostname}>"}
    if mail.template == CONFIRMATION:
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    return EmailMessage(mail.subject, mail.body, sender_of(mail), [mail.to], headers=headers)


def sender_of(mail: OutgoingMail) -> str:
    """Return the deployment's address under the name of the account."""
    address = parseaddr(settings.LETHE_MAIL_FROM)[1]
    return str(Address(display_name=" ".join(mail.account.name.split()), addr_spec=address))
