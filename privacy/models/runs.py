"""The runs of the purge that have no receipt yet."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.models.vault import VaultModel


class OpenRun(VaultModel):
    """A run for one account, from its first erasure to its receipt: what a killed one leaves behind.

    ``code`` stands in the entries of its erasures, ``since`` is the newest entry that came before them, and
    ``seen_at`` tells whether somebody is still at it.
    """

    code = models.CharField(primary_key=True, max_length=32)
    account_id = models.BigIntegerField()
    version = models.PositiveIntegerField()
    since = models.BigIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("open run of the purge")
        verbose_name_plural = _("open runs of the purge")

    def __str__(self) -> str:
        return f"run {self.code}"
