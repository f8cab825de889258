"""What an account's visitors are told, and the proof of what they answered."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.texts import Texts, in_language, language_of


class Mechanism(models.TextChoices):
    """How visitors are asked. A billboard informs; it is no consent in the sense of Article 4(11)."""

    FIELD = "field", _("boxes in the form")
    BOT = "bot", _("question of the bot")
    BILLBOARD = "billboard", _("message in the chat's window")
    NONE = "none", _("by the site itself")


class Withdrawal(models.TextChoices):
    STOP = "stop", _("the conversation ends and nothing more is done with it")
    ERASE = "erase", _("the conversation ends and is erased now")


@dataclass(frozen=True)
class Question:
    """One question of a notice, about one purpose (Article 7(2)); ``words`` are by language."""

    purpose: str
    required: bool
    words: Texts

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class ConsentNotice(models.Model):
    """One version of what an account's visitors read and answer; never changed once it exists.

    Only ``policy_hash`` may follow, once: the page behind the link is read after the version was published.

    ``introduction`` (by language) stands above several questions, or is what the billboard says.
    """

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="consent_notices")
    version = models.PositiveIntegerField()
    mechanism = models.CharField(max_length=10, choices=Mechanism, default=Mechanism.FIELD)
    together = models.BooleanField(default=False)
    introduction = models.JSONField(default=dict, blank=True)
    questions = models.JSONField(default=list, blank=True)
    language = models.CharField(max_length=10, default="en")
    policy_url = models.URLField(_("link to the privacy policy"), blank=True)
    policy_hash = models.CharField(max_length=64, blank=True, editable=False)
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

    @property
    def asked(self) -> list[Question]:
        """The questions, in order; the same mechanism or not, they are what a form or a bot asks."""
        return [Question(**question) for question in self.questions]

    @property
    def asks(self) -> bool:
        """Whether anybody answers this notice: a billboard informs, and an empty one asks nothing."""
        return bool(self.questions) and self.mechanism != Mechanism.BILLBOARD

    @property
    def text(self) -> str:
        """All that is shown, in the language of this moment or else the account's."""
        return "\n\n".join(filter(None, [self.opening, *(self.words_of(each) for each in self.asked)]))

    @property
    def opening(self) -> str:
        return in_language(self.introduction, self.language)

    def words_of(self, question: Question) -> str:
        return in_language(question.words, self.language)

    def language_shown(self, question: Question) -> str:
        return language_of(question.words, self.language)

    def required(self) -> set[str]:
        return {question.purpose for question in self.asked if question.required}

    def purposes(self) -> Iterable[str]:
        return [question.purpose for question in self.asked]


class ConsentRecord(models.Model):
    """Proof of what somebody answered about one purpose: to which words, how, when and where (Article 7(1)).

    ``subject`` is a keyed pseudonym: it can be matched while the person's key lives, by nobody afterwards.
    ``reference`` is what a site that asked itself calls its own proof.
    """

    class State(models.TextChoices):
        GIVEN = "given", _("given")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey("helpdesk.Account", models.CASCADE, related_name="consent_records")
    notice = models.ForeignKey(ConsentNotice, models.PROTECT, related_name="records")
    subject = models.CharField(max_length=32, db_index=True)
    purpose = models.CharField(_("purpose"), max_length=30)
    state = models.CharField(_("answer"), max_length=10, choices=State, default=State.GIVEN)
    mechanism = models.CharField(_("asked by"), max_length=10, choices=Mechanism, default=Mechanism.FIELD)
    form = models.CharField(
        _("where"),
        max_length=8,
        choices=[("chat", _("chat")), ("ticket", _("ticket")), ("mail", _("mail"))],
    )
    language = models.CharField(_("language"), max_length=10)
    words = models.TextField(_("the words shown"), blank=True)
    origin = models.CharField(_("site"), max_length=255, blank=True)
    page = models.CharField(_("page"), max_length=300, blank=True)
    reference = models.CharField(_("the site's own proof"), max_length=100, blank=True)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        indexes = [models.Index(fields=["account", "at"], name="consent_clock")]

    def __str__(self) -> str:
        return f"consent {self.pk}"
