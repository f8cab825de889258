"""Words of somebody, in which slips were masked before they were stored."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.slips import what_was_masked


class MaskedWords(models.Model):
    """Base of messages: ``masked`` are the kinds of what was masked in it, and never a word of that."""

    masked = models.CharField(_("masked"), max_length=40, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def what_was_masked(self) -> str:
        """The sentence that tells it to whoever reads the message; empty where nothing was masked."""
        return what_was_masked(self.masked.split())
