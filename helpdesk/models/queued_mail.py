"""What every mail on its way out has in common, whoever it goes to."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.encryption.fields import SealedCharField, SealedEmailField, SealedTextField
from privacy.encryption.rows import SealedModel, SealedQuerySet


class QueuedMailQuerySet(SealedQuerySet):
    def queued(self) -> "QueuedMailQuerySet":
        return self.filter(state=QueuedMail.State.QUEUED)

    def due(self, now: datetime) -> "QueuedMailQuerySet":
        """Return what is to be tried now, longest waiting first."""
        return self.queued().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")


class QueuedMail(SealedModel):
    """A row of a queue of mails, sealed under its recipient's key; the content goes once it is sent."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")

    template = models.CharField(max_length=32)
    to = SealedEmailField(null=True)
    subject = SealedCharField(max_length=255, null=True)
    body = SealedTextField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    objects = QueuedMailQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"mail {str(self.pk)[-6:]}"
