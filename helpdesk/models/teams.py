"""Teams: which people of an account answer for which subject."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from helpdesk.models.people import User


class Team(models.Model):
    """A department of an account. It is switched off and never deleted: chats were led to it."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=60)
    members = models.ManyToManyField(User, verbose_name=_("people"), related_name="teams", blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_team_a_name")]

    def __str__(self) -> str:
        return self.name
