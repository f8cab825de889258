"""Support access: for a stated time an owner lets somebody of the house read what is never theirs to see."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from helpdesk.models.people import ManagerAssignment, User
from privacy.encryption.fields import SealedCharField
from privacy.encryption.rows import SealedModel, SealedQuerySet


class SupportGrantQuerySet(SealedQuerySet):
    def visible_to(self, user: User) -> "SupportGrantQuerySet":
        """Return the grants of an account to its owner, those in force and past ones; to nobody else any."""
        if user.role != User.Role.OWNER:
            return self.none()
        return self.filter(account_id=user.account_id)

    def in_force(self, *, now: datetime | None = None) -> "SupportGrantQuerySet":
        """Return the grants that let somebody read at this moment, whatever the timetable has noted yet.

        The clock, the assignment and the people are asked anew: none of them waits for a row to be ended.
        """
        assigned = ManagerAssignment.objects.filter(
            user=models.OuterRef("user"), account=models.OuterRef("account")
        )
        looks_after = models.Q(user__role=User.Role.OPERATOR) | (
            models.Q(user__role=User.Role.MANAGER) & models.Q(models.Exists(assigned))
        )
        return self.filter(
            looks_after,
            ended_at=None,
            until__gt=now or timezone.now(),
            user__is_active=True,
            account__is_active=True,
            given_by__is_active=True,
            given_by__role=User.Role.OWNER,
        )


class SupportGrant(SealedModel):
    """Reading access of one person to one account. The reason is sealed under the key of who may read."""

    class End(models.TextChoices):
        OWNER = "owner", _("ended by an owner")
        EXPIRED = "expired", _("its time was over")
        READER_OFF = "reader_off", _("who could read was switched off")
        GIVER_OFF = "giver_off", _("who had granted it was switched off or is no owner any more")
        UNASSIGNED = "unassigned", _("the manager looks after the account no longer")
        ACCOUNT_OFF = "account_off", _("the account was switched off")

    account = models.ForeignKey(Account, models.CASCADE, related_name="support_grants")
    user = models.ForeignKey(User, models.CASCADE, related_name="support_grants")
    given_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = SealedCharField(_("reason"), max_length=500)
    with_files = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    ended_because = models.CharField(max_length=12, choices=End, blank=True, default="")

    objects = SupportGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("support access")
        verbose_name_plural = _("support accesses")
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user"],
                condition=models.Q(ended_at=None),
                name="one_support_access_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_because="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_because="")),
                name="ended_support_access_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="support_access_list"),
            models.Index(fields=["until"], condition=models.Q(ended_at=None), name="support_access_to_end"),
        ]

    def __str__(self) -> str:
        return f"support access {str(self.pk)[-6:]}"


class SupportOpening(models.Model):
    """One opening of one chat or ticket, or of a file of it, under a grant."""

    grant = models.ForeignKey(SupportGrant, models.CASCADE, related_name="openings")
    unit = models.CharField(max_length=64)
    unit_id = models.UUIDField()
    is_file = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("opening under support access")
        verbose_name_plural = _("openings under support access")
        indexes = [models.Index(fields=["grant", "-at"], name="support_opening_list")]

    def __str__(self) -> str:
        return f"opening {self.pk}"
