"""What a restored main database had forgotten, until somebody looked at it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ForgottenDecision(models.Model):
    """Decisions of one kind that were newer than a restored database, and what was done about them.

    ``action`` and ``seq`` are those of the newest entry of the ledger, ``times`` counts them. ``category`` is
    what is paused, empty for everything of the account; ``about`` names one setting.
    """

    class Outcome(models.TextChoices):
        PAUSED = "paused", _("nothing is erased until the rule is confirmed")
        CLOSED = "closed", _("closed until somebody opens it again")
        LOST = "lost", _("lost: has to be decided again")
        REBUILT = "rebuilt", _("made again from the ledger")

    account = models.ForeignKey(
        "helpdesk.Account", models.CASCADE, null=True, related_name="forgotten_decisions"
    )
    action = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome)
    category = models.CharField(max_length=16, blank=True, default="")
    about = models.CharField(max_length=64, blank=True, default="")
    times = models.PositiveIntegerField(default=1)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    found_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("forgotten decision")
        verbose_name_plural = _("forgotten decisions")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["account", "outcome"],
                condition=models.Q(confirmed_at=None),
                name="forgotten_and_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.seq}"
