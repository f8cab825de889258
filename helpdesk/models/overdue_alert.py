"""What is remembered while an account's data is overdue for erasure."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account


class OverdueAlert(models.Model):
    """An account of which something is overdue and whose people were told; gone when it is over."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    units = models.PositiveIntegerField()
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("alert of overdue erasures")
        verbose_name_plural = _("alerts of overdue erasures")

    def __str__(self) -> str:
        return f"overdue since {self.since:%Y-%m-%d %H:%M}"
