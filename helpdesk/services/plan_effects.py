"""What a change of a plan would erase, before it is saved."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from helpdesk.services.retention import Decision, goes_sooner
from privacy.models import Plan
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.rehearsal import rehearse
from privacy.terms import Term


def doomed_by(*, plan: Plan, terms: Mapping[str, Term], now: datetime) -> Counter[str]:
    """Return how much of its accounts is past the rules that would become shorter, by category.

    ``plan`` is as it would be saved, with these terms. What something holds isn't counted. Of each account as
    many rows are looked at as :func:`privacy.services.rules.rehearsal.rehearse` does.
    """
    doomed: Counter[str] = Counter()
    for account in plan.accounts.all():
        before = {rule.category: rule for rule in policies_in_force(account.pk)}
        after = policies_in_force(account.pk, plan=plan, terms=terms)
        shorter = [rule for rule in after if goes_sooner(Decision.of_policy(rule), before[rule.category])]
        if shorter:
            doomed.update(
                {each.category: each.past for each in rehearse(shorter, now).forecasts if each.past}
            )
    return doomed
