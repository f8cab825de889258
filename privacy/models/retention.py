"""How long things are kept: what a plan says, what an account decided, and each version of that."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.terms import Clock, Rule, Term, Unit

COUNTABLE = [MinValueValidator(1), MaxValueValidator(1200)]
DECIDED = [
    Category.CHAT,
    Category.CHAT_FILE,
    Category.TICKET,
    Category.TICKET_FILE,
    Category.CONTACT,
    Category.TECHNICAL,
    Category.CONSENT,
    Category.ACCESS,
    Category.REQUEST,
    Category.MAIL,
    Category.EXPORT,
    Category.REPORT,
]
CHOICES = [(category.value, category.label) for category in DECIDED]


class AtEnd(models.TextChoices):
    """What happens when a term is over."""

    ERASE = "erase", _("erase everything")
    SKELETON = "skeleton", _("erase the person, keep anonymous figures")


class Plan(models.Model):
    """What an account has booked. The rights of people never depend on it."""

    code = models.SlugField(_("code"), primary_key=True, max_length=16)
    name = models.CharField(_("name"), max_length=60)
    schedules = models.BooleanField(
        _("accounts decide on schedules, longer terms and an archive"), default=False
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def in_brief(row: "PlanTerm | RetentionPolicy") -> str:
    """Return the term of a row without what it counts from, such as *“30 days”*."""
    return row.term.length_in_words() if row.rule == Rule.AFTER else row.get_rule_display()


class PlanTerm(models.Model):
    """How long a plan keeps a category where the account decided nothing, or may not decide for longer."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="terms", verbose_name=_("plan"))
    category = models.CharField(_("category"), max_length=16, choices=CHOICES)
    rule = models.CharField(_("rule"), max_length=8, choices=Rule, default=Rule.AFTER)
    amount = models.PositiveIntegerField(_("amount"), default=30, validators=COUNTABLE)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.DAYS)

    class Meta:
        verbose_name = _("term of a plan")
        verbose_name_plural = _("terms of a plan")
        ordering = ["plan", "category"]
        constraints = [models.UniqueConstraint(fields=["plan", "category"], name="one_term_a_plan")]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {in_brief(self)}"

    @property
    def term(self) -> Term:
        return Term(self.rule, self.amount, self.unit)


class RetentionPolicy(models.Model):
    """What an account decided; :mod:`privacy.services.rules.policies` says what is obeyed."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="retention_policies")
    category = models.CharField(_("category"), max_length=16, choices=CHOICES, editable=False)
    rule = models.CharField(_("rule"), max_length=8, choices=Rule, default=Rule.AFTER)
    amount = models.PositiveIntegerField(_("amount"), default=30, validators=COUNTABLE)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.DAYS)
    clock = models.CharField(_("counted from"), max_length=16, choices=Clock, default=Clock.CLOSED)
    every = models.CharField(_("how often"), max_length=12, choices=Every, default=Every.CONTINUOUS)
    hour = models.PositiveSmallIntegerField(_("hour"), default=3, validators=[MaxValueValidator(23)])
    weekday = models.PositiveSmallIntegerField(_("weekday"), default=6, validators=[MaxValueValidator(6)])
    day = models.PositiveSmallIntegerField(
        _("day of the month"), default=1, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    at_end = models.CharField(_("at the end"), max_length=8, choices=AtEnd, default=AtEnd.ERASE)
    archive_amount = models.PositiveIntegerField(
        _("then in the archive for"), null=True, blank=True, validators=COUNTABLE
    )
    archive_unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.MONTHS)

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
        return f"{self.get_category_display()}: {in_brief(self)}"

    @property
    def term(self) -> Term:
        return Term(self.rule, self.amount, self.unit)

    @property
    def archive(self) -> Term | None:
        """How long it stays in the archive after its term; ``None`` where there is no archive."""
        return Term(Rule.AFTER, self.archive_amount, self.archive_unit) if self.archive_amount else None

    @property
    def is_scheduled(self) -> bool:
        """Whether it decides on what not every plan opens."""
        return bool(self.archive_amount) or self.every != Every.CONTINUOUS

    @property
    def cadence(self) -> Cadence:
        return Cadence(self.every, self.hour, self.weekday, self.day)


class CoolingOff(models.Model):
    """What waits in a category of an account since its rule became shorter, whoever made it so.

    ``former`` is the rule from before, as :mod:`privacy.services.rules.cooling` writes it down.
    """

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="cooling_offs")
    category = models.CharField(_("category"), max_length=16, choices=CHOICES)
    since = models.DateTimeField()
    until = models.DateTimeField()
    former = models.JSONField()

    class Meta:
        verbose_name = _("cooling-off")
        verbose_name_plural = _("cooling-offs")
        constraints = [
            models.UniqueConstraint(fields=["account", "category"], name="one_cooling_off_a_category")
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.until}"


class RetentionMinimum(models.Model):
    """How long an account means to keep a category at least, and why: a law, mostly. It erases nothing."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="retention_minimums")
    category = models.CharField(_("category"), max_length=16, choices=CHOICES)
    amount = models.PositiveIntegerField(_("amount"), validators=COUNTABLE)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.YEARS)
    reason = models.CharField(_("why, and by which law"), max_length=200)

    class Meta:
        verbose_name = _("minimum term")
        verbose_name_plural = _("minimum terms")
        constraints = [
            models.UniqueConstraint(fields=["account", "category"], name="one_minimum_per_category"),
            models.CheckConstraint(
                condition=models.Q(amount__range=(1, 1200)), name="minimum_amount_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.term.length_in_words()}"

    @property
    def term(self) -> Term:
        return Term(Rule.AFTER, self.amount, self.unit)


class PolicyVersion(models.Model):
    """One change of an account's retention rules: who, when, before, after, why. Never changed afterwards."""

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="policy_versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    minimums_before = models.JSONField(default=dict)
    minimums_after = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("version of the retention rules")
        verbose_name_plural = _("versions of the retention rules")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="one_policy_version_a_number")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
