"""What the plan of an account leaves it to decide about retention."""

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.models import Account
from helpdesk.services.entitlement import part_of_plan
from privacy.models import Plan
from privacy.services.rules.decisions import Decision
from privacy.services.rules.policies import CONTINUOUS
from privacy.terms import Rule, Term


@dataclass(frozen=True)
class Limits:
    """What the plan of an account leaves it to decide."""

    plan: Plan
    terms: Mapping[str, Term]
    reason: str

    @classmethod
    def of(cls, account: Account) -> "Limits":
        plan = account.plan
        if plan.schedules:
            return cls(plan, {}, "")
        return cls(plan, {each.category: each.term for each in plan.terms.all()}, part_of_plan())

    def allow(self, category: str, decision: Decision) -> bool:
        if self.plan.schedules:
            return True
        longest = self.longest(category)
        longer = longest is not None and longest.is_shorter_than(decision.term)
        return not longer and decision.archive is None and decision.cadence == CONTINUOUS

    def longest(self, category: str) -> Term | None:
        """Return the longest term that may be chosen; ``None`` where there is no limit."""
        term = self.terms.get(category)
        return None if term is None or term.rule == Rule.KEEP else term
