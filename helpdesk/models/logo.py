"""An account's logo, in a table of its own: accounts are read with every page, pictures are not."""

from django.db import models

from helpdesk.models.accounts import Account


class AccountLogo(models.Model):
    """A picture that :mod:`helpdesk.logos` wrote."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="logo")
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"AccountLogo {self.pk}"
