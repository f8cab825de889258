"""The promise *at once*: what was just closed is erased by whoever closed it."""

import logging

from django.db.models import Model

from privacy.declarations import root_of
from privacy.services.erasing.erasure import erase, is_over
from privacy.services.erasing.reasons import Reason
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule

log = logging.getLogger(__name__)


def erase_if_due_at_once(unit: Model, *, account_id: int) -> bool:
    """Erase a unit that was just closed where its account erases at once; returns whether it is gone.

    One that somebody opened again in the meantime stays. Called after the commit of the close, outside a
    transaction. Whatever fails here, the unit is closed and the purge tries again.
    """
    root = root_of(type(unit))
    policy = policy_in_force(account_id=account_id, category=root.category)
    if policy.term.rule != Rule.AT_ONCE:
        return False
    try:
        # Waits for who holds it locked, such as the other side that ends it, too: at once means now.
        erase(root, [unit.pk], reason=Reason.of_policy("closed", policy), still=is_over(root), wait=True)
    except Exception:
        log.exception("%s %s is closed and could not be erased; the purge tries again.", root.model, unit.pk)
        return False
    return not root.rows().filter(pk=unit.pk).exists()
