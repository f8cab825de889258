"""The promise *at once*: what was just closed is erased by whoever closed it."""

from django.db.models import Model

from privacy.declarations import root_of
from privacy.services.erasure import erase_units
from privacy.services.retention import term_of
from privacy.terms import Rule


def erase_if_due_at_once(unit: Model, *, account_id: int) -> bool:
    """Erase a unit that was just closed where its account erases at once; returns whether it did.

    Called after the commit of the close, outside a transaction. The purge only retries what failed here.
    """
    if term_of(account_id=account_id, category=root_of(type(unit)).category).rule != Rule.AT_ONCE:
        return False
    erase_units(type(unit), [unit.pk], account_id=account_id, reason="closed")
    return True
