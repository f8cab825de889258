"""What belongs to an account's privacy notice beside its settings, and what visitors have read of it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from privacy.texts import in_language, validate_texts


class Recipient(models.Model):
    """Somebody who receives data: a processor, or another controller (Article 13(1)(e) and (f))."""

    class Role(models.TextChoices):
        PROCESSOR = "processor", _("works for the company, on its orders")
        CONTROLLER = "controller", _("decides itself about what it gets")

    account = models.ForeignKey(Account, models.CASCADE, related_name="recipients")
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("what it is"), max_length=10, choices=Role, default=Role.PROCESSOR)
    tasks = models.JSONField(_("what it does with the data"), default=dict, validators=[validate_texts])
    country = models.CharField(_("country outside the EEA"), max_length=60, blank=True)
    safeguards = models.JSONField(
        _("what protects the data there"), default=dict, blank=True, validators=[validate_texts]
    )

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a transfer to another part of the world about whose safeguards nothing is said."""
        wrong = {}
        if not any(self.tasks.values()):
            wrong["tasks"] = _("Say what it does with the data, in one language at least.")
        if self.country.strip() and not any(self.safeguards.values()):
            wrong["safeguards"] = _(
                "Name what protects the data there: a decision of adequacy, standard clauses, … (Articles 45 "
                "and 46), and where one gets a copy."
            )
        if wrong:
            raise ValidationError(wrong)

    @property
    def task(self) -> str:
        return in_language(self.tasks, self.account.language)

    @property
    def safeguard(self) -> str:
        return in_language(self.safeguards, self.account.language)


class NoticeVersion(models.Model):
    """A privacy notice as visitors read it in one language; never changed once it was shown."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="notice_versions")
    language = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    html = models.TextField()
    shown_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("version of the privacy notice")
        verbose_name_plural = _("versions of the privacy notice")
        ordering = ["language", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "language", "number"], name="one_privacy_notice_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"privacy notice {self.language} {self.number}"


class AlreadyInformed(models.Model):
    """Somebody's decision that visitors have the information already (Article 13(4)), with its reason."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="informed_decisions")
    reason = models.TextField(_("where visitors have read it"), max_length=1000)
    decided_by = models.ForeignKey("helpdesk.User", models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("decision that visitors are informed already")
        verbose_name_plural = _("decisions that visitors are informed already")
        ordering = ["-decided_at"]

    def __str__(self) -> str:
        return f"decision {self.pk}"
