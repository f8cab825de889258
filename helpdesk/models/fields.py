"""What an account asks besides name, address and question: the fields of its own, and what answers hold."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from helpdesk.models.tickets import Ticket
from privacy.encryption.fields import SealedTextField
from privacy.encryption.rows import SealedModel
from privacy.models import Basis, Purpose
from privacy.terms import Rule, Term, Unit
from privacy.texts import in_language, validate_texts

ANSWER_LIMIT = 2_000
FEWEST_CHOICES, MOST_CHOICES = 2, 50


class FormFieldQuerySet(models.QuerySet):
    def asked(self, form: str) -> "FormFieldQuerySet":
        """Return what a form asks: data of a purpose that is no longer in force is asked of nobody."""
        return (
            self.filter(form=form)
            .exclude(rule=Account.Field.OFF)
            .exclude(purpose__is_active=False)
            .select_related("account", "purpose")
        )


class FormField(models.Model):
    """A field that an account added to its pre-chat or ticket form.

    ``is_personal`` decides how an answer is kept: sealed, or in the clear. ``term_amount`` is how long it is
    kept at most, from when it was given; without one it stays as long as its chat or ticket.
    """

    class Form(models.TextChoices):
        CHAT = "chat", _("before a chat")
        TICKET = "ticket", _("on the ticket form")

    class Kind(models.TextChoices):
        TEXT = "text", _("text, one line")
        LONG_TEXT = "long_text", _("long text")
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")
        CHOICE = "choice", _("one choice")
        CHOICES = "choices", _("several choices")
        DATE = "date", _("date")

    CHOOSING = (Kind.CHOICE, Kind.CHOICES)
    REACHING = (Kind.EMAIL, Kind.PHONE)  # whoever can be reached by it is known by it

    account = models.ForeignKey(Account, models.CASCADE, related_name="form_fields")
    form = models.CharField(_("where it is asked"), max_length=6, choices=Form)
    key = models.CharField(_("short name"), max_length=30, validators=[validate_slug])
    kind = models.CharField(_("what is asked for"), max_length=9, choices=Kind, default=Kind.TEXT)
    labels = models.JSONField(_("label"), default=dict, validators=[validate_texts])
    helps = models.JSONField(_("help"), default=dict, blank=True, validators=[validate_texts])
    options = models.JSONField(_("choices"), default=list, blank=True)
    rule = models.CharField(
        _("asked or not"), max_length=8, choices=Account.Field, default=Account.Field.OPTIONAL
    )
    is_personal = models.BooleanField(_("personal data"), default=True)
    is_special = models.BooleanField(_("special category of personal data"), default=False)
    purpose = models.ForeignKey(
        Purpose,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="form_fields",
        verbose_name=_("what it is needed for"),
    )
    term_amount = models.PositiveSmallIntegerField(
        _("erased earlier, after"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    term_unit = models.CharField(_("unit"), max_length=7, choices=Unit, default=Unit.DAYS)
    position = models.PositiveSmallIntegerField(_("place in the form"), default=10)

    objects = FormFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("field of a form")
        verbose_name_plural = _("fields of forms")
        ordering = ["form", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "form", "key"], name="one_field_a_key"),
            models.CheckConstraint(
                condition=models.Q(is_personal=True) | models.Q(is_special=False, term_amount=None),
                name="special_and_own_term_are_of_personal_fields",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.key

    @property
    def label(self) -> str:
        return in_language(self.labels, self.account.language)

    @property
    def help(self) -> str:
        return in_language(self.helps, self.account.language)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The keys of its options, and their words in the language of this moment."""
        return [(each["key"], in_language(each["texts"], self.account.language)) for each in self.options]

    @property
    def term(self) -> Term | None:
        return Term(Rule.AFTER, self.term_amount, self.term_unit) if self.term_amount else None

    def ends_at(self, given_at: datetime) -> datetime | None:
        """Return when an answer goes before its chat or ticket does, if it does."""
        return self.term.ends_at(given_at, self.account.zone) if self.term else None

    def clean(self) -> None:
        """Refuse what nobody may ask: without purpose, without consent where the law wants it explicit."""
        wrong: dict[str, Any] = {}
        if not any(self.labels.values()):
            wrong["labels"] = _("Say in a few words what visitors are asked.")
        if self.kind in self.CHOOSING and not FEWEST_CHOICES <= len(self.options) <= MOST_CHOICES:
            wrong["options"] = _("Write from %(few)d to %(many)d choices, one on each line.") % {
                "few": FEWEST_CHOICES,
                "many": MOST_CHOICES,
            }
        if self.kind in self.REACHING and not self.is_personal:
            wrong["is_personal"] = _("An address or a number is always personal data (Article 4(1)).")
        wrong |= self._wrong_about_purpose()
        if self.term_amount and not self.is_personal:
            wrong["term_amount"] = _(
                "Only personal data has a term of its own: it goes with a key of its own."
            )
        if wrong:
            raise ValidationError(wrong)

    def _wrong_about_purpose(self) -> dict[str, Any]:
        if self.purpose and self.purpose.account_id != self.account_id:
            return {"purpose": _("Choose a purpose of this account.")}
        if self.is_special and not self.is_personal:
            return {"is_special": _("A special category of personal data is personal data (Article 9(1)).")}
        if self.is_special and (self.purpose is None or self.purpose.basis != Basis.CONSENT):
            return {
                "purpose": _(
                    "A special category needs explicit consent: choose a purpose that rests on consent "
                    "(Article 9(2)(a))."
                )
            }
        if self.is_personal and self.rule == Account.Field.REQUIRED and self.purpose is None:
            return {"purpose": _("Say what required personal data is needed for (Article 5(1)(b)).")}
        return {}


class AnswerRecord(SealedModel):
    """Base of the answers to such fields: the label as it was read, and the words or choices.

    What is personal is in ``value``, sealed; what is not in ``plain``. ``erase_at`` is when it goes
    before its chat or ticket does; it has a key of its own then.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    field = models.ForeignKey(FormField, models.SET_NULL, null=True, related_name="+")
    label = models.CharField(_("label"), max_length=120)
    value = SealedTextField(_("answer"), blank=True, default="", max_length=ANSWER_LIMIT)
    plain = models.TextField(_("answer"), blank=True, default="", max_length=ANSWER_LIMIT)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    erase_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        base_manager_name = "objects"
        ordering = ["position"]

    def __str__(self) -> str:
        return f"answer {str(self.pk)[-6:]}"

    @property
    def words(self) -> str:
        """What was answered, to be shown."""
        return self.plain or self.value


class TicketAnswer(AnswerRecord):
    """What whoever opened a ticket answered to one field of its form."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="answers")

    class Meta(AnswerRecord.Meta):
        verbose_name = _("answer on a ticket form")
        verbose_name_plural = _("answers on ticket forms")
        indexes = [
            models.Index(
                fields=["erase_at"], condition=models.Q(erase_at__isnull=False), name="ticket_answer_end"
            )
        ]
