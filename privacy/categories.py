"""The categories of personal data: what a retention rule, a notice and an export speak of."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    CHAT = "chat", _("chat transcripts")
    CHAT_FILE = "chat_file", _("files of chats")
    TICKET = "ticket", _("tickets")
    TICKET_FILE = "ticket_file", _("files of tickets")
    CONTACT = "contact", _("contacts with nothing left")
    TECHNICAL = "technical", _("technical data")
    USER = "user", _("accounts of agents and managers")
    CONSENT = "consent", _("evidence of consent")
    ACCESS = "access", _("sessions and access logs")
    REQUEST = "request", _("requests of people")
    MAIL = "mail", _("outgoing mail")
    EXPORT = "export", _("exports")
    REPORT = "report", _("anonymous figures")
    EVIDENCE = "evidence", _("evidence of erasures and changes")
