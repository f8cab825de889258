"""The rules that are obeyed: what an account decided, within what its plan allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.apps import apps
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from privacy.cadences import Cadence, Every
from privacy.models import AtEnd, ForgottenDecision, Plan, PlanTerm, PolicyVersion, RetentionPolicy
from privacy.models.retention import DECIDED
from privacy.terms import Clock, Rule, Term

CONTINUOUS = Cadence(Every.CONTINUOUS)
COOLING_OFF = timedelta(hours=24)


@dataclass(frozen=True)
class Policy:
    """How one category of an account is kept at this moment.

    ``version`` numbers the account's decisions, 0 for none. ``limited`` says that the plan's term is obeyed,
    since the account decided nothing or more than its plan allows; ``paused`` that a restore lost what was
    decided, so that everything is kept until somebody confirms the rule. ``former`` is the longer term from
    before the change that is cooling off; ``None`` where the archive became shorter, and then all from before
    waits.
    """

    account_id: int
    category: str
    zone: tzinfo
    term: Term
    clock: str = ""  # the usual one of the category
    cadence: Cadence = CONTINUOUS
    at_end: str = AtEnd.ERASE
    archive: Term | None = None
    version: int = 0
    limited: bool = False
    paused: bool = False
    former: Term | None = None
    changed_at: datetime | None = None
    cooling_until: datetime | None = None

    def ends_at(self, start: datetime | None) -> datetime | None:
        """Return when the active term is over, whenever the next run is.

        What was there before a shorter term waits for the end of the cooling-off, or of the former term.
        """
        end = self.term.ends_at(start, self.zone)
        if end is None or start is None or not self.is_cooling(start):
            return end
        longest = self.former.ends_at(start, self.zone) if self.former else None
        return max(end, min(self.cooling_until, longest) if longest else self.cooling_until)  # type: ignore[type-var]

    def is_cooling(self, start: datetime) -> bool:
        """Tell whether the cooling-off of the last change is about something that began then."""
        return bool(self.cooling_until and self.changed_at and start < self.changed_at)

    def leaves_at(self, start: datetime | None) -> datetime | None:
        """Return when the run comes that takes it out of sight: to the archive, or for good."""
        end = self.ends_at(start)
        return end and self.cadence.next_run(end, self.zone)

    def erased_at(self, start: datetime | None, archived_at: datetime | None = None) -> datetime | None:
        """Return when the run comes that erases it; ``None`` for never or not yet."""
        leaves = self.leaves_at(start)
        if leaves is None or self.archive is None:
            return leaves
        end = self.archive.ends_at(archived_at or leaves, self.zone)
        if end and archived_at and self.former is None and self.is_cooling(archived_at):
            end = max(end, self.cooling_until)  # type: ignore[type-var]
        return end and self.cadence.next_run(end, self.zone)

    def latest_start(self, now: datetime) -> datetime | None:
        """Return a moment such that nothing that started later leaves at ``now``; ``None`` for never."""
        return self.term.latest_start(self.cadence.last_run(now, self.zone), self.zone)

    def latest_archived(self, now: datetime) -> datetime | None:
        """Return the same for what is in the archive, counted from when it came there."""
        if self.archive is None:
            return None
        return self.archive.latest_start(self.cadence.last_run(now, self.zone), self.zone)


def policy_in_force(*, account_id: int, category: str) -> Policy:
    """Return the rule that an account obeys for a category: one query where the account decides itself."""
    versions = PolicyVersion.objects.filter(account=OuterRef("account")).order_by("-number")
    paused = _pauses().filter(category__in=["", category])
    decided = (
        RetentionPolicy.objects.filter(account_id=account_id, category=category)
        .select_related("account__plan")
        .annotate(version=Subquery(versions.values("number")[:1]))
        .annotate(paused=Exists(paused.filter(account=OuterRef("account"))))
        .first()
    )
    if decided is not None:
        account, plan = decided.account, decided.account.plan
        term = None if plan.schedules else _term_of_plan(plan, category)
        rule = _in_force(account, plan, category, decided, term, decided.version or 0)
        return _kept(rule) if decided.paused else rule
    accounts = apps.get_model("helpdesk.Account").objects.select_related("plan")
    account = accounts.annotate(
        version=Max("policy_versions__number"), paused=Exists(paused.filter(account=OuterRef("pk")))
    ).get(pk=account_id)
    term = _term_of_plan(account.plan, category)
    rule = _in_force(account, account.plan, category, None, term, account.version or 0)
    return _kept(rule) if account.paused else rule


def policies_in_force(
    account_id: int | None = None,
    *,
    plan: Plan | None = None,
    terms: Mapping[str, Term] | None = None,
    once_confirmed: bool = False,
) -> Iterator[Policy]:
    """Yield every rule of one account, or of all, with four queries.

    ``plan`` stands in for theirs, and ``terms`` of categories for those that it has now. ``once_confirmed``
    are the rules as they will be when somebody confirms those that are paused.
    """
    accounts = apps.get_model("helpdesk.Account").objects.select_related("plan").order_by("pk")
    decided = RetentionPolicy.objects.all()
    if account_id is not None:
        accounts, decided = accounts.filter(pk=account_id), decided.filter(account=account_id)
    rules = {(rule.account_id, rule.category): rule for rule in decided}
    booked_terms = {(each.plan_id, str(each.category)): each for each in PlanTerm.objects.all()}
    if plan is not None:
        for category, term in (terms or {}).items():
            kept = PlanTerm(category=category, rule=term.rule, amount=term.amount, unit=term.unit)
            booked_terms[plan.pk, str(category)] = kept
    paused = set() if once_confirmed else set(_pauses().values_list("account_id", "category"))
    for account in accounts.annotate(version=Max("policy_versions__number")):
        booked = plan or account.plan
        for category in DECIDED:
            rule, longest = rules.get((account.pk, category)), booked_terms.get((booked.pk, str(category)))
            policy = _in_force(account, booked, category, rule, longest, account.version or 0)
            yield _kept(policy) if paused & {(account.pk, ""), (account.pk, str(category))} else policy


def _pauses() -> QuerySet[ForgottenDecision]:
    return ForgottenDecision.objects.filter(outcome=ForgottenDecision.Outcome.PAUSED, confirmed_at=None)


def _kept(policy: Policy) -> Policy:
    """Return what is obeyed while nobody knows for certain what the account decided: nothing goes."""
    return replace(policy, term=Term(Rule.KEEP), limited=False, paused=True)


def _term_of_plan(plan: Plan, category: str) -> PlanTerm | None:
    return PlanTerm.objects.filter(plan=plan, category=category).first()


def _in_force(
    account: Any,
    plan: Plan,
    category: str,
    decided: RetentionPolicy | None,
    plan_term: PlanTerm | None,
    version: int,
) -> Policy:
    where = {"account_id": account.pk, "category": str(category), "zone": account.zone, "version": version}
    longest = plan_term.term if plan_term else Term(Rule.KEEP)
    if decided is None:
        return Policy(
            **where, term=longest, limited=True, **_cooling(account, plan, plan_term, None, is_cut=True)
        )
    limited = not plan.schedules and longest.is_shorter_than(decided.term)
    term = longest if limited else decided.term
    free = plan.schedules and term.rule == Rule.AFTER
    is_cut = limited or (not plan.schedules and decided.is_scheduled)
    return Policy(
        **where,
        term=term,
        clock=decided.clock,
        cadence=decided.cadence if free else CONTINUOUS,
        at_end=decided.at_end,
        archive=decided.archive if free else None,
        limited=limited,
        **_cooling(account, plan, plan_term if limited else None, decided, is_cut=is_cut),
    )


def _cooling(
    account: Any, plan: Plan, term: PlanTerm | None, decided: RetentionPolicy | None, *, is_cut: bool
) -> dict[str, Any]:
    """Return the last change after which things wait: of a decision, of the plan, or of a plan's terms."""
    changes: list[tuple[datetime, datetime, str]] = []
    if decided is not None and decided.cooling_until and decided.changed_at:
        changes.append((decided.cooling_until, decided.changed_at, decided.former))
    by_plan = [account.plan_changed_at, plan.shortened_at, term and term.shortened_at] if is_cut else []
    changes += [(at + COOLING_OFF, at, "") for at in by_plan if at]
    if not changes:
        return {}
    until, changed_at, former = max(changes)
    return {
        "cooling_until": until,
        "changed_at": changed_at,
        "former": Term.from_code(former) if former else None,
    }


__all__ = ["CONTINUOUS", "COOLING_OFF", "Clock", "Policy", "policies_in_force", "policy_in_force"]
