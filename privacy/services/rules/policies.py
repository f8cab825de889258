"""The rules that are obeyed: what an account decided, within what its plan allows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from privacy.models import CoolingOff, ForgottenDecision, Plan, PlanTerm, PolicyVersion, RetentionPolicy
from privacy.models.retention import DECIDED
from privacy.services.rules.cooling import COOLING_OFF, from_json
from privacy.services.rules.policy import CONTINUOUS, Policy, Wait
from privacy.terms import Clock, Rule, Term

WAIT = ("since", "until", "former")  # the columns of what waits


def policy_in_force(*, account_id: int, category: str) -> Policy:
    """Return the rule that an account obeys for a category: one query where the account decides itself."""
    versions = PolicyVersion.objects.filter(account=OuterRef("account")).order_by("-number")
    decided = (
        RetentionPolicy.objects.filter(account_id=account_id, category=category)
        .select_related("account__plan")
        .annotate(version=Subquery(versions.values("number")[:1]), **_beside("account", category))
        .first()
    )
    if decided is not None:
        account, plan = decided.account, decided.account.plan
        term = None if plan.schedules else _term_of_plan(plan, category)
        rule = _in_force(account, plan, category, decided, term, decided.version or 0)
        return _obeyed(rule, vars(decided))
    accounts = apps.get_model("helpdesk.Account").objects.select_related("plan")
    accounts = accounts.annotate(version=Max("policy_versions__number"), **_beside("pk", category))
    account = accounts.get(pk=account_id)
    term = _term_of_plan(account.plan, category)
    rule = _in_force(account, account.plan, category, None, term, account.version or 0)
    return _obeyed(rule, vars(account))


def policies_in_force(
    account_id: int | None = None,
    *,
    plan: Plan | None = None,
    terms: Mapping[str, Term] | None = None,
    once_confirmed: bool = False,
) -> Iterator[Policy]:
    """Yield every rule of one account, or of all, with five queries.

    ``plan`` stands in for theirs, and ``terms`` of categories for those that it has now; what would wait then
    is said by :func:`privacy.services.rules.waits.foreseen`. ``once_confirmed`` are the rules as they will be
    when somebody confirms those that are paused.
    """
    accounts = apps.get_model("helpdesk.Account").objects.select_related("plan").order_by("pk")
    decided, waiting = RetentionPolicy.objects.all(), CoolingOff.objects.all()
    if account_id is not None:
        accounts, decided = accounts.filter(pk=account_id), decided.filter(account=account_id)
        waiting = waiting.filter(account=account_id)
    rules = {(rule.account_id, rule.category): rule for rule in decided}
    waits = {(each.account_id, each.category): vars(each) for each in waiting}
    booked_terms = {(each.plan_id, str(each.category)): each.term for each in PlanTerm.objects.all()}
    if plan is not None:
        booked_terms |= {(plan.pk, str(category)): term for category, term in (terms or {}).items()}
    paused = set() if once_confirmed else set(_pauses().values_list("account_id", "category"))
    for account in accounts.annotate(version=Max("policy_versions__number")):
        booked = plan or account.plan
        for category in DECIDED:
            which = account.pk, str(category)
            longest = booked_terms.get((booked.pk, str(category)))
            rule = _in_force(account, booked, category, rules.get(which), longest, account.version or 0)
            is_paused = bool(paused & {(account.pk, ""), which})
            yield _obeyed(rule, {**waits.get(which, {}), "paused": is_paused})


def _beside(account: str, category: str) -> dict[str, Any]:
    """Return what reads the wait of a category, and whether it is paused, beside something of its account."""
    rows = CoolingOff.objects.filter(account=OuterRef(account), category=category)
    paused = _pauses().filter(account=OuterRef(account), category__in=["", category])
    return {"paused": Exists(paused), **{name: Subquery(rows.values(name)[:1]) for name in WAIT}}


def _pauses() -> QuerySet[ForgottenDecision]:
    return ForgottenDecision.objects.filter(outcome=ForgottenDecision.Outcome.PAUSED, confirmed_at=None)


def _obeyed(rule: Policy, read: Mapping[str, Any]) -> Policy:
    """Return a rule with the wait that was read beside it, if there is one; paused, nothing goes.

    Then nobody knows for certain what the account decided.
    """
    if read.get("since"):
        rule = replace(rule, wait=Wait(read["since"], read["until"], from_json(read["former"], rule)))
    return replace(rule, term=Term(Rule.KEEP), limited=False, paused=True) if read["paused"] else rule


def _term_of_plan(plan: Plan, category: str) -> Term | None:
    kept = PlanTerm.objects.filter(plan=plan, category=category).first()
    return kept.term if kept else None


def _in_force(
    account: Any,
    plan: Plan,
    category: str,
    decided: RetentionPolicy | None,
    longest: Term | None,
    version: int,
) -> Policy:
    where = {"account_id": account.pk, "category": str(category), "zone": account.zone, "version": version}
    longest = longest or Term(Rule.KEEP)
    if decided is None:
        return Policy(**where, term=longest, limited=True)
    limited = not plan.schedules and longest.is_shorter_than(decided.term)
    term = longest if limited else decided.term
    free = plan.schedules and term.rule == Rule.AFTER
    return Policy(
        **where,
        term=term,
        clock=decided.clock,
        cadence=decided.cadence if free else CONTINUOUS,
        at_end=decided.at_end,
        archive=decided.archive if free else None,
        limited=limited,
    )


__all__ = ["CONTINUOUS", "COOLING_OFF", "Clock", "Policy", "policies_in_force", "policy_in_force"]
