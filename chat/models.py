"""Live conversations and the log of what was said in them."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from chat.bot.models import BotFlow, BotVersion
from chat.file_kinds import FileKind
from helpdesk.models import Account, AnswerRecord, Contact, Team, TechnicalRecord, User
from helpdesk.models.masked import MaskedWords
from helpdesk.models.stored_file import StoredFile
from privacy.encryption.fields import SealedCharField, SealedTextField
from privacy.encryption.rows import SealedModel, SealedQuerySet

__all__ = ["BotFlow", "BotVersion", "ChatFile", "Conversation", "Message", "TechnicalData"]

MESSAGE_LIMIT = 4_000
KINDS = dict(FileKind.choices)


class ConversationQuerySet(SealedQuerySet):
    def visible_to(self, user: User) -> "ConversationQuerySet":
        """Return the chats of the agent's account that are not in its archive; nobody else sees any."""
        if not user.works_in_agent_pages:
            return self.none()
        return self.filter(account_id=user.account_id, archived_at=None)

    def waiting(self) -> "ConversationQuerySet":
        return self.filter(status=Conversation.Status.WAITING)

    def in_turn(self, *before: str) -> "ConversationQuerySet":
        """Order by since when somebody wants an agent: who talked with the bot until then jumps no queue."""
        return self.order_by(*before, Coalesce("handed_over_at", "created_at"), "pk")

    def open(self) -> "ConversationQuerySet":
        return self.exclude(status=Conversation.Status.CLOSED)


class Conversation(SealedModel):
    """A chat of one visitor. Its key seals everything said in it."""

    class Status(models.TextChoices):
        BOT = "bot", _("with the bot")
        WAITING = "waiting", _("waiting")
        ACTIVE = "active", _("active")
        CLOSED = "closed", _("closed")

    class Side(models.TextChoices):
        VISITOR = "visitor", _("visitor")
        AGENT = "agent", _("agent")
        SYSTEM = "system", _("system")
        BOT = "bot", _("bot")

    account = models.ForeignKey(Account, models.CASCADE, related_name="conversations")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="conversations")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    agent = models.ForeignKey(User, models.SET_NULL, null=True, related_name="conversations")
    last_seq = models.PositiveIntegerField(default=0)
    agent_seen_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=8, choices=Side, blank=True, default="")
    became_ticket = models.BooleanField(default=False)  # closed so: erased at once, whatever its term
    rating = models.PositiveSmallIntegerField(null=True)  # only where a skeleton will be kept
    archived_at = models.DateTimeField(null=True)
    spoken_in = models.CharField(max_length=10, blank=True, default="")  # the visitor's language
    answered_version = models.PositiveIntegerField(default=0)  # of the consent notice
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="conversations")
    bot_version = models.ForeignKey(BotVersion, models.PROTECT, null=True, related_name="+")
    bot_step = models.CharField(max_length=30, blank=True, default="")  # that waits for the visitor
    bot_known = models.JSONField(default=list, blank=True)  # the fields that it need not ask for any more
    handed_over_at = models.DateTimeField(null=True)  # by the bot

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at=None)),
                name="closed_chats_have_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["account", "status", "created_at"], name="chat_queue"),
            models.Index(fields=["account", "closed_at"], name="chat_clock"),
            models.Index(fields=["last_message_at"], name="chat_last_message"),
            models.Index(fields=["account"], condition=models.Q(became_ticket=True), name="chat_to_erase"),
        ]

    def __str__(self) -> str:
        return f"chat {str(self.pk)[-6:]}"

    @property
    def waits_since(self) -> datetime:
        return self.handed_over_at or self.created_at

    @cached_property
    def notice_version(self) -> int:
        """The version of the notice that visitors must have answered."""
        return self.account.notice_version

    @cached_property
    def language(self) -> str:
        """The account's language; a statement may have fetched it along."""
        return self.account.language

    @property
    def visitors_language(self) -> str:
        return self.spoken_in or self.language

    @property
    def must_be_asked(self) -> bool:
        """Whether the visitor has to answer a newer notice before anything else of theirs is stored."""
        return self.notice_version > self.answered_version


class Message(MaskedWords, SealedModel):
    """One entry of a conversation's log; ``seq`` is given out under the conversation's row lock."""

    class Kind(models.TextChoices):
        TEXT = "text", _("message")
        ANSWER = "answer", _("answer to the bot")  # a button, or what was asked for besides the question
        LINK = "link", _("link")  # its last line is the address
        JOINED = "joined", _("agent joined")
        ENDED = "ended", _("chat ended")
        # About a sensitive value: see :mod:`chat.services.secure`.
        ASKED = "asked", _("asked for a sensitive value")
        ANSWERED = "answered", _("sent a sensitive value")
        DECLINED = "declined", _("sent no sensitive value")
        VIEWED = "viewed", _("saw a sensitive value")
        EXPIRED = "expired", _("sensitive value expired")

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    client_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    side = models.CharField(max_length=8, choices=Conversation.Side)
    agent = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    body = SealedTextField(blank=True, default="", max_length=MESSAGE_LIMIT)
    secure = models.ForeignKey("SecureRequest", models.SET_NULL, null=True, related_name="+")
    files_sent = models.PositiveSmallIntegerField(default=0)  # with it, erased ones included
    created_at = models.DateTimeField(default=timezone.now)

    attached: "list[ChatFile]"  # what is left of them, as :func:`chat.attached.read_attached` has read it

    class Meta:
        verbose_name = _("message of a chat")
        verbose_name_plural = _("messages of chats")
        base_manager_name = "objects"
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_message_a_seq"),
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                condition=models.Q(client_id__isnull=False),
                name="one_message_a_client_id",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.seq}"

    @property
    def link_words(self) -> str:
        """The words of a link; its address stands on a line of its own after them."""
        return self.body.rpartition("\n")[0]

    @property
    def link_address(self) -> str:
        return self.body.rpartition("\n")[2]

    @property
    def files_gone(self) -> int:
        """How many of its files are erased already; asked of an entry whose ``attached`` was read."""
        return self.files_sent - len(self.attached)


class SecureRequest(SealedModel):
    """One sensitive value that an agent asked for in a chat, and what became of it; never the value."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        ANSWERED = "answered", _("answered")
        DECLINED = "declined", _("declined")
        VIEWED = "viewed", _("seen")
        EXPIRED = "expired", _("expired")

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="secure_requests")
    agent = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # who asked, and may look
    label = SealedCharField(_("what is asked for"), max_length=120)
    reason = SealedCharField(_("why it was looked at"), max_length=300, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    secure_value: "SecureValue"

    class Meta:
        verbose_name = _("request for a sensitive value")
        verbose_name_plural = _("requests for sensitive values")
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "answered"], over_at=None)
                | models.Q(state__in=["declined", "viewed", "expired"], over_at__isnull=False),
                name="secure_requests_that_are_over_have_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=models.Q(over_at=None), name="secure_to_expire")
        ]

    def __str__(self) -> str:
        return f"request {str(self.pk)[-6:]}"

    @property
    def is_late(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def may_be_answered(self) -> bool:
        return self.state == self.State.ASKED and not self.is_late

    @property
    def may_be_viewed(self) -> bool:
        return self.state == self.State.ANSWERED and not self.is_late

    @property
    def hours(self) -> int:
        """How long a value may wait for its agent."""
        return round((self.expires_at - (self.answered_at or self.asked_at)).total_seconds() / 3600)


class SecureValue(SealedModel):
    """What the visitor sent, under a key of its own: gone with it once it was seen, or was not in time."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    request = models.OneToOneField(SecureRequest, models.CASCADE, related_name="secure_value")
    value = SealedTextField(_("sensitive value"))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("sensitive value of a chat")
        verbose_name_plural = _("sensitive values of chats")
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"value {str(self.pk)[-6:]}"


class ChatFile(StoredFile):
    """A file sent with a message of a chat.

    It comes in the request of its message and in no other: there is no upload that waits for one, and so none
    that never gets one.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, related_name="files")
    kind = SealedCharField(max_length=16)  # by its content: see :mod:`chat.file_kinds`

    class Meta(StoredFile.Meta):
        verbose_name = _("file of a chat")
        verbose_name_plural = _("files of chats")

    @property
    def kind_in_words(self) -> str:
        """Its kind as people read it; empty where that can't be read any more."""
        return str(KINDS.get(self.kind, ""))


class TechnicalData(TechnicalRecord):
    """The technical data of the visitor of a chat."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="technical")

    class Meta(TechnicalRecord.Meta):
        verbose_name = _("technical data of a chat")
        verbose_name_plural = _("technical data of chats")


class ChatAnswer(AnswerRecord):
    """What the visitor answered to one field before the chat."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="answers")

    class Meta(AnswerRecord.Meta):
        verbose_name = _("answer before a chat")
        verbose_name_plural = _("answers before chats")
        indexes = [
            models.Index(
                fields=["erase_at"], condition=models.Q(erase_at__isnull=False), name="chat_answer_end"
            )
        ]
