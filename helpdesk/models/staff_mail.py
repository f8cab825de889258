"""Mail to the people of the house: managers, operators, owners."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.models.people import User
from helpdesk.models.queued_mail import QueuedMail


class StaffMail(QueuedMail):
    """A mail to somebody who signs in, sealed under their own key, so that it is erased with them."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta(QueuedMail.Meta):
        verbose_name = _("mail to staff")
        verbose_name_plural = _("mails to staff")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="queued"), name="staff_mail_to_send"
            )
        ]
