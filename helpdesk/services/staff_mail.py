"""Mail to the people of the house: queued under their own key, sent by the same round as every other mail."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from helpdesk.models import StaffMail, User
from helpdesk.permissions import is_active
from helpdesk.services.sending import AUTOMATIC, message_id_of, send_queued, words_of


def queue_staff_mail(*, user: User, template: str, **context: Any) -> StaffMail:
    """Queue a mail to somebody who signs in, in the caller's transaction.

    It is written in the language of their account, or in English where they belong to none. The first line
    of ``templates/mail/<template>.txt`` is the subject. Raises ``SealError`` where their key is not there.
    """
    language = user.account.language if user.account else settings.LANGUAGE_CODE
    words = words_of(template, language=language, user=user, base_url=settings.LETHE_BASE_URL, **context)
    return StaffMail.objects.create(
        user=user,
        template=template,
        key_id=user.key_id,
        to=user.email,
        subject=words.subject,
        body=words.body,
    )


def send_due_staff_mail(*, now: datetime) -> int:
    """Send what is due, oldest first, and return how many mails went out."""
    return send_queued(StaffMail.objects.due(now).select_related("user__account"), staff_message_of, now=now)


def staff_message_of(mail: StaffMail) -> EmailMessage:
    """Return the mail as it goes out; raises :class:`ValueError` where nobody is left to read it."""
    if not mail.to or not is_active(mail.user):
        raise ValueError("This mail has no reader any more.")
    headers = {"Message-ID": message_id_of(mail), **AUTOMATIC}
    return EmailMessage(mail.subject, mail.body, settings.LETHE_MAIL_FROM, [mail.to], headers=headers)
