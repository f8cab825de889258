"""Mail out: rows of a queue, sealed like the ticket they belong to, emptied once they are sent."""

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import OutgoingMail, StaffMail, Ticket, TicketMessage, TicketParticipant
from helpdesk.services.sending import AUTOMATIC, give_up_old, message_id_of, send_queued, words_of
from helpdesk.services.staff_mail import send_due_staff_mail
from helpdesk.ticket_links import link_of, withdrawal_link_of
from privacy.models import ConsentRecord
from privacy.services.people.consent import answers_of

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
    """Queue a mail to a participant in the caller's transaction, in the language that they wrote in.

    The first line of ``templates/mail/<template>.txt`` is the subject.
    """
    account = ticket.account
    context |= {
        "account": account,
        "ticket": ticket,
        "link": link_of(participant),
        "withdrawal_link": withdrawal_link_of(participant) if _has_agreed(participant) else "",
        "notice_link": settings.LETHE_BASE_URL + reverse("privacy_notice", args=[account.public_id]),
    }
    words = words_of(template, language=participant.spoken_in or account.language, **context)
    return OutgoingMail.objects.create(
        account=account,
        ticket=ticket,
        template=template,
        key_id=participant.key_id,
        to=participant.contact.email,
        subject=words.subject,
        body=words.body,
    )


def _has_agreed(participant: TicketParticipant) -> bool:
    answers = answers_of(account=participant.ticket.account, person=participant.contact)
    return any(record.state == ConsentRecord.State.GIVEN for record in answers)


def send_due_mail(*, now: datetime | None = None) -> int:
    """Send what is due, to people outside and to those of the house; returns how many mails went out.

    What an account that is switched off has to say to people outside waits, and without a mail server
    everything does: for seven days, then it is given up and emptied.
    """
    now = now or timezone.now()
    for model in (OutgoingMail, StaffMail):
        give_up_old(model.objects.all(), now=now)
    if not settings.LETHE_SENDS_MAIL:
        return 0
    due = OutgoingMail.objects.due(now).filter(account__is_active=True).select_related("account", "ticket")
    return send_queued(due, message_of, now=now) + send_due_staff_mail(now=now)


def message_of(mail: OutgoingMail) -> EmailMessage:
    """Return the mail as it goes out; raises :class:`ValueError` where it was erased or can't be a mail."""
    if not mail.to:
        raise ValueError("This mail has no address any more.")
    headers = {"Message-ID": message_id_of(mail), **(AUTOMATIC if mail.template == CONFIRMATION else {})}
    return EmailMessage(mail.subject, mail.body, sender_of(mail), [mail.to], headers=headers)


def sender_of(mail: OutgoingMail) -> str:
    """Return the deployment's address under the name of the account."""
    address = parseaddr(settings.LETHE_MAIL_FROM)[1]
    return str(Address(display_name=" ".join(mail.account.name.split()), addr_spec=address))
