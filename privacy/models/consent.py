"""What an account's visitors are told, and the proof that they agreed."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ConsentNotice(models.Model):
    """One version of what an account's visitors read and agree to; never changed once it exists."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="consent_notices")
    version = models.PositiveIntegerField()
    text = models.TextField(_("what the visitor agrees to"), max_length=2000)
    policy_url = models.URLField(_("link to the privacy policy"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        constraints = [models.UniqueConstraint(fields=["account", "version"], name="one_notice_per_version")]

    def __str__(self) -> str:
        return f"notice {self.version}"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise ValidationError(_("A notice that was shown can't be changed; publish a new version."))
        super().save(*args, **kwargs)


class ConsentRecord(models.Model):
    """Proof that somebody agreed, to which words, when and where (Article 7(1)).

    ``subject`` is a keyed pseudonym: it can be matched while the person's key lives, by nobody afterwards.
    """

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="consent_records")
    notice = models.ForeignKey(ConsentNotice, models.PROTECT, related_name="records")
    subject = models.CharField(max_length=32, db_index=True)
    mechanism = models.CharField(max_length=16, choices=[("checkbox", _("checkbox"))], default="checkbox")
    form = models.CharField(max_length=8, choices=[("chat", _("chat")), ("ticket", _("ticket"))])
    language = models.CharField(max_length=10)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")

    def __str__(self) -> str:
        return f"consent {self.pk}"
