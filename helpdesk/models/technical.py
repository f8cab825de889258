"""Where a visitor came from, shortened: kept only where the account wants it, and under a key of its own."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from helpdesk.models.tickets import Ticket
from privacy.encryption.fields import SealedCharField
from privacy.encryption.rows import SealedModel


class TechnicalRecord(SealedModel):
    """Base of the technical data of one chat or ticket: it may be erased before what it belongs to."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    network = SealedCharField(_("network"), max_length=49, blank=True, default="")
    browser = SealedCharField(_("browser"), max_length=60, blank=True, default="")
    page = SealedCharField(_("page"), max_length=600, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"technical data {str(self.pk)[-6:]}"

    @property
    def parts(self) -> list[str]:
        """What is known, to be shown; once where nothing of it can be read any more."""
        return list(dict.fromkeys(part for part in (self.network, self.browser, self.page) if part))


class TicketTechnicalData(TechnicalRecord):
    """The technical data of whoever opened a ticket."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="technical")

    class Meta(TechnicalRecord.Meta):
        verbose_name = _("technical data of a ticket")
        verbose_name_plural = _("technical data of tickets")
