"""The evidence ledger, and the main database's memory of it."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.models.vault import VaultModel


class LedgerEntry(VaultModel):
    """One link of the chain. Written by :mod:`privacy.ledger` only, never changed."""

    seq = models.BigIntegerField(primary_key=True)
    uid = models.UUIDField(unique=True)
    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True, db_index=True)
    action = models.CharField(max_length=64)
    params = models.JSONField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=128, blank=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["seq"]
        indexes = [
            models.Index(
                fields=["seq"], condition=models.Q(action="ledger.pruned"), name="anchors_of_the_ledger"
            ),
            models.Index(fields=["seq"], condition=models.Q(action="purge.run"), name="runs_of_the_ledger"),
            models.Index(
                fields=["seq"], condition=models.Q(action="head.published"), name="heads_of_the_ledger"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class LedgerHead(models.Model):
    """The newest entry that the main database knows of: how a restored copy is noticed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("head of the ledger")
        verbose_name_plural = _("head of the ledger")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_ledger_head")]

    def __str__(self) -> str:
        return f"head {self.seq}"


class LedgerWalk(models.Model):
    """The last walk through the whole ledger, and a break that was found since, for all processes.

    ``entries`` were whole at ``walked_at``. Where ``problem`` is not empty the ledger was found broken at
    ``broken_at``, and no later walk through all of it found it whole.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    walked_at = models.DateTimeField(null=True)
    entries = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    broken_at = models.DateTimeField(null=True)
    broken_seq = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("walk through the ledger")
        verbose_name_plural = _("walks through the ledger")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_ledger_walk")]

    def __str__(self) -> str:
        return f"walk of {self.walked_at}"


class OutboxLine(models.Model):
    """Evidence written in the transaction of the change, on its way to the ledger."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("line of the outbox")
        verbose_name_plural = _("lines of the outbox")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.action} {self.uid}"
