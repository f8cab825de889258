"""What stops an erasure: a legal hold, a restriction, an open request of the person."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Suspension(models.Model):
    """A stop on the erasure of one unit, or of a person with all that is theirs, until it is released.

    ``unit`` is the label of the model (``chat.conversation``), ``unit_id`` the row. Released ones stay on
    record.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", _("legal hold")
        RESTRICTION = "restriction", _("restriction of processing (Article 18)")
        REQUEST = "request", _("open request of the person")

    class Basis(models.TextChoices):
        CLAIM = "claim", _("legal claims (Article 17(3)(e))")
        OBLIGATION = "obligation", _("legal obligation (Article 17(3)(b))")
        INQUIRY = "inquiry", _("inquiry of an authority")
        PERSON = "person", _("the person asked for it")

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="suspensions")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.HOLD)
    unit = models.CharField(max_length=64)
    unit_id = models.UUIDField()
    basis = models.CharField(_("basis"), max_length=12, choices=Basis)
    reason = models.CharField(_("reason"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    review_on = models.DateField(_("look at it again on"))
    review_told_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    release_reason = models.CharField(_("reason for the release"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["unit", "unit_id"], condition=models.Q(released_at=None), name="suspensions_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
