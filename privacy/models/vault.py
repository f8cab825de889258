"""What the vault keeps: keys, and the proof that keys are gone."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class VaultModel(models.Model):
    """Base of everything that lives in the vault's database."""

    in_vault = True

    class Meta:
        abstract = True


class DataKey(VaultModel):
    """A key for one thing that is erased as one, wrapped by the key ring."""

    class Kind(models.TextChoices):
        CONTACT = "contact", _("contact")
        CHAT = "chat", _("chat")
        PARTICIPANT = "participant", _("participant of a ticket")
        FILE = "file", _("file of a ticket")
        TECHNICAL = "technical", _("technical data of a chat or ticket")
        SECURE = "secure", _("sensitive value of a chat")
        ANSWER = "answer", _("answer on a form")
        USER = "user", _("user")
        INDEX = "index", _("blind index")
        PSEUDONYM = "pseudonym", _("pseudonyms of the ledger")
        SIGNING = "signing", _("signature of the ledger")

    # Keys that belong to an account or to the deployment, not to a person.
    STANDING = (Kind.INDEX, Kind.PSEUDONYM, Kind.SIGNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account_id = models.BigIntegerField(null=True, db_index=True)
    kind = models.CharField(max_length=16, choices=Kind)
    wrapped = models.TextField()
    ring_key = models.CharField(max_length=16, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account_id"],
                condition=models.Q(kind__in=["index", "pseudonym", "signing"]),
                name="one_standing_key_per_account",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind__in=["index", "pseudonym", "signing"], account_id=None),
                name="one_standing_key_of_deployment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} key {self.pk}"


class Erasure(VaultModel):
    """An erasure from *begun* to *done*: what is left to do after a crash.

    Keys are named by the entry of the ledger; file names are random and go when it is done.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account_id = models.BigIntegerField(null=True)
    begun = models.OneToOneField("privacy.LedgerEntry", on_delete=models.PROTECT, related_name="+")
    done = models.OneToOneField("privacy.LedgerEntry", on_delete=models.PROTECT, related_name="+", null=True)
    files = models.JSONField(default=list)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [models.Index(fields=["begun"], condition=models.Q(done=None), name="open_erasures")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class Tombstone(VaultModel):
    """A key that was destroyed on purpose, and the entry of the ledger that says so."""

    key_id = models.UUIDField(primary_key=True)
    account_id = models.BigIntegerField(null=True)
    entry = models.ForeignKey("privacy.LedgerEntry", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return f"tombstone of {self.key_id}"
