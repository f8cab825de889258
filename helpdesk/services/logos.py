"""Keeping an account's logo, or letting it go."""

from helpdesk.logos import NO_LOGO, Logo
from helpdesk.models import Account, AccountLogo


def keep_logo(*, account: Account, logo: Logo) -> str:
    """Replace the logo of an account, by ``NO_LOGO`` take it away, and return the mark of its address.

    Saving the mark in the account's row is the caller's, together with what else changes there.
    """
    if logo == NO_LOGO:
        AccountLogo.objects.filter(account=account).delete()
        return ""
    AccountLogo.objects.update_or_create(account=account, defaults=logo._asdict())
    return logo.mark
