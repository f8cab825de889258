"""What an account needs data for, and the lawful basis of each purpose (Articles 5(1)(b) and 6)."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.texts import in_language, validate_texts


class Basis(models.TextChoices):
    """The six lawful bases of Article 6(1), by letter."""

    CONSENT = "consent", _("consent (a)")
    CONTRACT = "contract", _("contract, or steps before one (b)")
    LEGAL_OBLIGATION = "legal_obligation", _("legal obligation (c)")
    VITAL_INTERESTS = "vital_interests", _("vital interests (d)")
    PUBLIC_TASK = "public_task", _("public task (e)")
    LEGITIMATE_INTERESTS = "legitimate_interests", _("legitimate interests (f)")


class PurposeQuerySet(models.QuerySet):
    def declared(self) -> "PurposeQuerySet":
        return self.filter(is_active=True)

    def asked(self) -> "PurposeQuerySet":
        """Return the purposes about which visitors are asked: those that rest on consent."""
        return self.declared().filter(basis=Basis.CONSENT)


class Purpose(models.Model):
    """One purpose of an account. Where it rests on consent it has the question that visitors answer.

    ``reuses`` is the earlier purpose whose data serves this one too; ``compatibility`` says why that is
    compatible (Article 6(4)).
    """

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="purposes")
    key = models.CharField(_("short name"), max_length=30, validators=[validate_slug])
    names = models.JSONField(_("what it is for"), default=dict, validators=[validate_texts])
    basis = models.CharField(_("lawful basis"), max_length=24, choices=Basis)
    basis_note = models.TextField(_("which law, contract or interest"), blank=True, max_length=1000)
    questions = models.JSONField(
        _("what the visitor agrees to"), default=dict, blank=True, validators=[validate_texts]
    )
    is_required = models.BooleanField(_("nothing begins without it"), default=False)
    reuses = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="later",
        verbose_name=_("uses data that was collected for"),
    )
    compatibility = models.TextField(_("why that is compatible"), blank=True, max_length=2000)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=10)
    is_active = models.BooleanField(_("in force"), default=True)

    objects = PurposeQuerySet.as_manager()

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_purpose_a_key")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.names, self.account.language)

    def clean(self) -> None:
        """Refuse a purpose that nobody could rely on: without its question, its law or its note."""
        wrong: dict[str, str] = {}
        if not any(self.names.values()):
            wrong["names"] = _("Say in a few words what the data is needed for.")
        if self.basis == Basis.CONSENT and not any(self.questions.values()):
            wrong["questions"] = _("Consent needs the words that the visitor agrees to (Article 7(2)).")
        if self.basis in NEEDS_NOTE and not self.basis_note.strip():
            wrong["basis_note"] = NEEDS_NOTE[Basis(self.basis)]
        if self.reuses and (self.reuses.account_id != self.account_id or self.reuses == self):
            wrong["reuses"] = _("Choose another purpose of this account.")
        elif self.reuses and not self.compatibility.strip():
            wrong["compatibility"] = _(
                "Say why the later purpose is compatible: the link between the two, the context, the kind of "
                "data, what follows for people, and the safeguards (Article 6(4))."
            )
        if wrong:
            raise ValidationError(wrong)


NEEDS_NOTE = {
    Basis.LEGAL_OBLIGATION: _("Name the law that obliges you (Article 6(3))."),
    Basis.PUBLIC_TASK: _("Name the law that gives you the task (Article 6(3))."),
    Basis.LEGITIMATE_INTERESTS: _("Name the interest: visitors are told (Article 13(1)(d))."),
    Basis.VITAL_INTERESTS: _("Say whose vital interests, and from what."),
}
