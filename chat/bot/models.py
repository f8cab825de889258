"""What the bot of an account says: a draft that may have faults, and versions that never change."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.bot.flow import Flow
from helpdesk.models import Account


class BotVersion(models.Model):
    """One version of a flow as it was published; chats keep the one that they began with."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="bot_versions")
    number = models.PositiveIntegerField()
    steps = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("version of the bot")
        verbose_name_plural = _("versions of the bot")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="one_bot_a_number")]

    def __str__(self) -> str:
        return f"bot {self.number}"

    @property
    def flow(self) -> Flow:
        return Flow.from_json(self.steps)

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise ValidationError(_("A version that was published can't be changed; publish a new one."))
        super().save(*args, **kwargs)


class BotFlow(models.Model):
    """The bot of an account: what its manager works on, and the version that talks to visitors, if any."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="bot_flow")
    draft = models.JSONField(default=list)
    published = models.ForeignKey(BotVersion, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("bot")
        verbose_name_plural = _("bots")

    def __str__(self) -> str:
        return f"bot of {self.account}"
