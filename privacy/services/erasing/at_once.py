"""The promise *at once*: what was just closed is erased by whoever closed it."""

import logging

from django.db.models import Model, Q

from privacy.declarations import PersonalData, root_of, unit_of
from privacy.services.erasing.erasure import erase, is_over
from privacy.services.erasing.reasons import Reason
from privacy.services.rules.due import clock_of
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule

log = logging.getLogger(__name__)


def erase_if_due_at_once(unit: Model, *, account_id: int) -> bool:
    """Erase a unit that was just closed where its account erases at once; returns whether it is gone.

    Where only parts with a rule of their own go at once, such as its files, they do. What somebody opened
    again in the meantime stays. Called after the commit of the close, outside a transaction. Whatever fails
    here, the unit is closed and the purge tries again.
    """
    root = root_of(type(unit))
    policy = policy_in_force(account_id=account_id, category=root.category)
    try:
        if policy.term.rule == Rule.AT_ONCE:
            # Waits for who holds it locked, such as the other side that ends it, too: at once means now.
            erase(root, [unit.pk], reason=Reason.of_policy("closed", policy), still=is_over(root), wait=True)
        else:
            _erase_parts(root, unit, account_id)
    except Exception:
        log.exception("%s %s is closed and could not be erased; the purge tries again.", root.model, unit.pk)
        return False
    return policy.term.rule == Rule.AT_ONCE and not root.rows().filter(pk=unit.pk).exists()


def _erase_parts(root: PersonalData, unit: Model, account_id: int) -> None:
    """Erase the parts whose own rule is *at once* and counts from the close; the rest is the purge's."""
    for part in (declared for declared in unit_of(root.model) if declared.separable):
        policy, alone = policy_in_force(account_id=account_id, category=part.category), root_of(part.model)
        closed = f"{part.path}__{root.over}"
        if policy.term.rule == Rule.AT_ONCE and clock_of(alone, policy) == closed:
            ids = list(part.rows_of_units([unit.pk]).values_list("pk", flat=True))
            still = Q(**{f"{closed}__isnull": False})
            erase(alone, ids, reason=Reason.of_policy("closed", policy), still=still, wait=True)
