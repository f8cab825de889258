"""The intermediate archive: who may open it, and each time that somebody did."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ArchiveReader(models.Model):
    """Somebody who may open what an account has in its archive."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="archive_readers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("reader of the archive")
        verbose_name_plural = _("readers of the archive")
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="one_reader_an_account")]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"


class ArchiveOpening(models.Model):
    """One opening of one archived chat or ticket: by whom, when, and what for."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="archive_openings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    unit = models.CharField(max_length=64)
    unit_id = models.UUIDField()
    purpose = models.CharField(_("purpose"), max_length=500)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("opening of the archive")
        verbose_name_plural = _("openings of the archive")
        ordering = ["-at"]
        indexes = [models.Index(fields=["account", "at"], name="archive_opening_clock")]

    def __str__(self) -> str:
        return f"opening {self.pk}"
