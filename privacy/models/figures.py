"""What survives every erasure because it is about nobody: counts, and skeletons of what was erased."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.categories import Category


class DailyCount(models.Model):
    """A count of a day that survives every erasure, because it is about nobody."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="daily_counts")
    day = models.DateField()
    name = models.CharField(max_length=32)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        constraints = [models.UniqueConstraint(fields=["account", "day", "name"], name="one_count_a_day")]

    def __str__(self) -> str:
        return f"{self.name} of {self.day}"


class Skeleton(models.Model):
    """What is left of an erased chat or ticket where the account wants figures: no person, no id, no minute.

    ``facts`` are what the declaration names, with moments cut to the hour.
    """

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="skeletons")
    category = models.CharField(max_length=16, choices=Category)
    day = models.DateField()
    facts = models.JSONField()

    class Meta:
        verbose_name = _("skeleton")
        verbose_name_plural = _("skeletons")
        indexes = [models.Index(fields=["account", "day"], name="skeleton_clock")]

    def __str__(self) -> str:
        return f"{self.category} of {self.day}"


class Heartbeat(models.Model):
    """When a part of the deployment was last seen alive."""

    part = models.CharField(primary_key=True, max_length=16)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.part
