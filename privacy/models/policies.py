"""What an account decided: how long things are kept, what visitors are told and asked."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.categories import Category
from privacy.terms import Rule, Term, Unit


class RetentionPolicy(models.Model):
    """How long one category of an account's personal data is kept."""

    MANAGED = (Category.CHAT, Category.TICKET)

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="retention_policies")
    category = models.CharField(
        _("category"), max_length=16, choices=[(c.value, c.label) for c in MANAGED], editable=False
    )
    rule = models.CharField(_("rule"), max_length=8, choices=Rule, default=Rule.AFTER)
    amount = models.PositiveIntegerField(
        _("amount"), default=30, validators=[MinValueValidator(1), MaxValueValidator(1200)]
    )
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.DAYS)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.UniqueConstraint(fields=["account", "category"], name="one_policy_per_category"),
            models.CheckConstraint(
                condition=models.Q(amount__range=(1, 1200)), name="policy_amount_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.term.in_words()}"

    @property
    def term(self) -> Term:
        return Term(self.rule, self.amount, self.unit)


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


class Heartbeat(models.Model):
    """When a part of the deployment was last seen alive."""

    part = models.CharField(primary_key=True, max_length=16)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.part
