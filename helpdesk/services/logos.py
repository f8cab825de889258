"""Keeping an account's logo, or letting it go."""

from helpdesk.logos import Logo
from helpdesk.models import Account, AccountLogo


def keep_logo(*, account: Account, logo: Logo | None) -> str:
    """Replace the logo of an account, or take it away, and return the mark that its address carries.

    Saving the mark in the account's row is the caller's, together with what else changes there.
    """
    if logo is None:
        AccountLogo.objects.filter(account=account).delete()
        return ""
    AccountLogo.objects.update_or_create(account=account, defaults=logo._asdict())
    return logo.mark
