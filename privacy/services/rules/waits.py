"""Writing down what waits after a change of the rules, and foreseeing it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from privacy.models import CoolingOff, Plan
from privacy.services.rules.cooling import after_change, as_json
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.policy import Policy
from privacy.terms import Rule, Term


def settle_waits(
    account_id: int, before: Iterable[Policy], *, now: datetime, skip: Collection[str] = ()
) -> None:
    """Let what became shorter wait, in every category of an account whose rules just changed.

    ``before`` are its rules from before; what becomes shorter in the categories of ``skip`` comes at once.
    Called in the transaction of the change, with the account locked.
    """
    earlier = {rule.category: rule for rule in before}
    for rule in policies_in_force(account_id, once_confirmed=True):
        skipped = rule.category in skip
        wait = after_change(rule, earlier[rule.category], now=now, skip=skipped).wait
        if wait != rule.wait:
            _keep(replace(rule, wait=wait))


def let_all_wait(account_id: int, categories: Iterable[str], *, now: datetime) -> None:
    """Let everything that is there in these categories wait a day, whatever its rule was before."""
    chosen = set(categories)
    for rule in policies_in_force(account_id, once_confirmed=True):
        if rule.category in chosen:
            _keep(after_change(rule, replace(rule, term=Term(Rule.KEEP), wait=None), now=now))


def end_wait(account_id: int, category: str, *, now: datetime) -> bool:
    """Let the first run after a shorter rule come now. Returns whether it was still to come."""
    rows = CoolingOff.objects.filter(account=account_id, category=category, until__gt=now)
    return bool(rows.delete()[0])


def foreseen(
    account_id: int, *, plan: Plan, terms: Mapping[str, Term] | None = None, now: datetime
) -> list[Policy]:
    """Return the rules of an account under another plan, or its plan with other terms, and what waits."""
    before = {rule.category: rule for rule in policies_in_force(account_id)}
    after = policies_in_force(account_id, plan=plan, terms=terms, once_confirmed=True)
    return [after_change(rule, before[rule.category], now=now) for rule in after]


def _keep(rule: Policy) -> None:
    rows = CoolingOff.objects.filter(account=rule.account_id, category=rule.category)
    if rule.wait is None:
        rows.delete()
        return
    said = {"since": rule.wait.since, "until": rule.wait.until, "former": as_json(rule.wait.former)}
    rows.update_or_create(account_id=rule.account_id, category=rule.category, defaults=said)
