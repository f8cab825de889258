"""The promise *at once*: what was just closed is erased by whoever closed it."""

from django.db.models import Model

from privacy.declarations import root_of
from privacy.services.erasure import clock_runs, erase_units
from privacy.services.retention import term_of
from privacy.terms import Rule


def erase_if_due_at_once(unit: Model, *, account_id: int) -> bool:
    """Erase a unit that was just closed where its account erases at once; returns whether it is gone.

    One that somebody opened again in the meantime stays. Called after the commit of the close, outside a
    transaction. The purge only retries what failed here.
    """
    root = root_of(type(unit))
    if term_of(account_id=account_id, category=root.category).rule != Rule.AT_ONCE:
        return False
    erase_units(root.model, [unit.pk], account_id=account_id, reason="closed", still=clock_runs(root))
    return not root.rows().filter(pk=unit.pk).exists()
