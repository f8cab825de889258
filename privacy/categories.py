"""The categories of personal data: what a retention rule, a notice and an export speak of."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    CHAT = "chat", _("chat transcripts")
    TICKET = "ticket", _("tickets")
    CONTACT = "contact", _("contacts with nothing left")
    USER = "user", _("accounts of agents and managers")
    CONSENT = "consent", _("evidence of consent")
    ACCESS = "access", _("sessions and access logs")
    MAIL = "mail", _("outgoing mail")
    EVIDENCE = "evidence", _("evidence of erasures and changes")
