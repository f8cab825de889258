"""Tickets: a thread between one requester and an account's agents."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from helpdesk.models.masked import MaskedWords
from helpdesk.models.people import Contact, User
from helpdesk.models.queued_mail import QueuedMail
from helpdesk.models.stored_file import StoredFile
from privacy.encryption.fields import SealedCharField, SealedTextField
from privacy.encryption.rows import SealedModel, SealedQuerySet

MESSAGE_LIMIT = 20_000

if TYPE_CHECKING:
    from django.db.models.manager import RelatedManager


class TicketQuerySet(SealedQuerySet):
    def visible_to(self, user: User) -> "TicketQuerySet":
        """Return the tickets of the agent's account that are not in its archive; nobody else sees any."""
        if not user.works_in_agent_pages:
            return self.none()
        return self.filter(account_id=user.account_id, archived_at=None)

    def open(self) -> "TicketQuerySet":
        return self.exclude(status=Ticket.Status.CLOSED)

    def for_list(self) -> "TicketQuerySet":
        return self.select_related("requester", "assignee").order_by("-last_activity_at", "pk")


class Ticket(SealedModel):
    """A request and its thread. The subject is sealed under the requester's key."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PENDING = "pending", _("waiting for the requester")
        CLOSED = "closed", _("closed")

    account = models.ForeignKey(Account, models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField(editable=False)
    requester = models.ForeignKey(Contact, models.PROTECT, related_name="tickets")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="tickets")
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    subject = SealedCharField(_("subject"), max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    last_activity_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)

    participants: "RelatedManager[TicketParticipant]"
    messages: "RelatedManager[TicketMessage]"

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="one_ticket_a_number"),
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at=None)),
                name="closed_tickets_have_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-last_activity_at", "id"], name="ticket_list"),
            models.Index(fields=["account", "closed_at"], name="ticket_clock"),
        ]

    def __str__(self) -> str:
        return f"ticket {self.number}"


class TicketParticipant(SealedModel):
    """Somebody outside who takes part in a ticket, with a key of their own, and their link to the thread."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="participations")
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    spoken_in = models.CharField(max_length=10, blank=True, default="")  # the language of mails to them
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "contact"], name="one_participation_a_contact")
        ]

    def __str__(self) -> str:
        return f"participant {str(self.pk)[-6:]}"


class TicketMessage(MaskedWords, SealedModel):
    """A message of a ticket, sealed under the key of the participant who wrote it or whom it answers."""

    class Kind(models.TextChoices):
        REQUEST = "request", _("message of the requester")
        REPLY = "reply", _("reply")
        NOTE = "note", _("internal note")

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    participant = models.ForeignKey(TicketParticipant, models.CASCADE, related_name="messages")
    agent = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    body = SealedTextField(_("message"), max_length=MESSAGE_LIMIT)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("message of a ticket")
        verbose_name_plural = _("messages of tickets")
        base_manager_name = "objects"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["ticket", "created_at"], name="ticket_thread")]

    def __str__(self) -> str:
        return f"message {str(self.pk)[-6:]}"


class TicketFile(StoredFile):
    """A file sent with a message of a ticket."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="files")
    message = models.ForeignKey(TicketMessage, models.CASCADE, related_name="files")

    class Meta(StoredFile.Meta):
        verbose_name = _("file of a ticket")
        verbose_name_plural = _("files of tickets")


class OutgoingMail(QueuedMail):
    """A mail to a participant of a ticket, sealed under their key and erased with the ticket."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="mails")

    class Meta(QueuedMail.Meta):
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="queued"), name="mail_to_send")
        ]
