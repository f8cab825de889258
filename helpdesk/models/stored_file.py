"""What every file that somebody sent has in common, whatever it was sent with."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.encryption.fields import SealedCharField
from privacy.encryption.rows import SealedModel


class StoredFile(SealedModel):
    """A file sent with a message, under a key of its own: it may be erased before what it belongs to."""

    name = SealedCharField(_("file name"), max_length=255)
    stored_as = models.CharField(max_length=64, unique=True)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        base_manager_name = "objects"
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"file {str(self.pk)[-6:]}"
