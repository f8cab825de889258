"""What a change of a plan would erase, before it is saved."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from privacy.models import Plan
from privacy.services.rules.along import all_in
from privacy.services.rules.cooling import may_go_sooner
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.rehearsal import over_in, rehearse
from privacy.services.rules.waits import foreseen
from privacy.terms import Term


def doomed_by(*, plan: Plan, terms: Mapping[str, Term], now: datetime) -> Counter[str]:
    """Return how much of its accounts is past the rules that would become shorter, by category.

    ``plan`` is as it would be saved, with these terms. What goes along is counted too, and what something
    holds isn't. Of each account as many rows are looked at as
    :func:`privacy.services.rules.rehearsal.rehearse` does.
    """
    doomed: Counter[str] = Counter()
    for account in plan.accounts.all():
        before = {rule.category: rule for rule in policies_in_force(account.pk)}
        after = foreseen(account.pk, plan=plan, terms=terms, now=now)
        shorter = [rule for rule in after if may_go_sooner(rule, before[rule.category])]
        if shorter:
            doomed += all_in(over_in(rehearse(shorter, now).forecasts), after)
    return doomed
