"""What an account decides about retention: each change is a version, and counts for what exists already."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.models import Account, User
from helpdesk.services.minimums import (
    Minimums,
    as_json,
    changed_minimums,
    record_minimums,
    refuse_without_reason,
    set_minimums,
)
from privacy import ledger
from privacy.cadences import Cadence, Every
from privacy.declarations import clocks_in
from privacy.minimum_terms import MinimumTerm
from privacy.models import AtEnd, Plan, PolicyVersion, RetentionPolicy
from privacy.services.rules.minimums import minimums_of
from privacy.services.rules.policies import (
    CONTINUOUS,
    COOLING_OFF,
    Policy,
    policies_in_force,
    policy_in_force,
)
from privacy.terms import Clock, Rule, Term


@dataclass(frozen=True)
class Decision:
    """What an account decided about one category."""

    term: Term
    clock: str = "closed"
    cadence: Cadence = CONTINUOUS
    at_end: str = AtEnd.ERASE
    archive: Term | None = None

    @classmethod
    def of(cls, row: RetentionPolicy) -> "Decision":
        return cls(row.term, row.clock, row.cadence, row.at_end, row.archive)

    @classmethod
    def of_policy(cls, rule: Policy) -> "Decision":
        return cls(rule.term, rule.clock or Clock.CLOSED, rule.cadence, rule.at_end, rule.archive)

    @classmethod
    def from_json(cls, said: Mapping[str, str]) -> "Decision":
        """Return the decision that a version wrote down with :meth:`as_json`."""
        archive = Term.from_code(said["archive"]) if said["archive"] else None
        cadence = Cadence.from_code(said["cadence"])
        return cls(Term.from_code(said["term"]), said["clock"], cadence, said["at_end"], archive)

    def as_json(self) -> dict[str, Any]:
        return {
            "term": self.term.code(),
            "clock": str(self.clock),
            "cadence": self.cadence.code(),
            "at_end": str(self.at_end),
            "archive": self.archive.code() if self.archive else "",
        }


def change_retention(
    *,
    account: Account,
    decisions: Mapping[str, Decision],
    minimums: Minimums | None = None,
    by: User | None,
    reason: str = "",
    skip_cooling: bool = False,
) -> PolicyVersion | None:
    """Keep these categories of the account's data so from now on; what exists falls under it too.

    ``minimums`` are the minimum terms that change, ``None`` for one that is taken away: they erase nothing
    and keep nothing, but a decision for less than the account's own minimum needs a reason.

    Returns the new version, or ``None`` where nothing changed. After a shorter term, what was there before
    waits for 24 hours, unless ``skip_cooling``, which needs a reason where data is concerned. The ledger gets
    each term before and after. Raises ``ValidationError`` for bad values and for what the plan doesn't allow.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        rows = {row.category: row for row in account.retention_policies.all()}
        before = {category: Decision.of(row) for category, row in rows.items()}
        changed = {
            category: decision
            for category, decision in decisions.items()
            if category not in before or before[category].as_json() != decision.as_json()
        }
        least = minimums_of(account.pk)
        moved = changed_minimums(least, minimums or {})
        if not changed and not moved:
            return None
        obeyed = decisions_in_force(account)
        set_minimums(account, moved)
        refuse_without_reason(account, changed, reason)
        for category, decision in changed.items():
            refuse_beyond_plan(account=account, category=category, decision=decision)
            row = rows.get(category) or RetentionPolicy(account=account, category=category)
            in_force = policy_in_force(account_id=account.pk, category=category)
            _decide(row, decision, in_force, skip_cooling)
        version = _publish(account, obeyed, changed, by, reason, least=least)
        record_minimums(version, moved, ledger.reference(by))
        return version


def refuse_beyond_plan(*, account: Account, category: str, decision: Decision) -> None:
    """Raise ``ValidationError`` for what the account's plan doesn't let it decide."""
    if account.plan.schedules:
        return
    if decision.archive is not None or decision.cadence.every != Every.CONTINUOUS:
        raise ValidationError(part_of_plan(), "plan")
    longest = account.plan.terms.filter(category=category).first()
    if longest and longest.term.is_shorter_than(decision.term):
        raise ValidationError(
            _("With this plan it is kept for %(longest)s at most."),
            "plan",
            {"longest": longest.term.length_in_words() if longest.term.rule == Rule.AFTER else _("no time")},
        )


def end_cooling(*, account: Account, category: str, by: User, reason: str) -> bool:
    """Let the first run after a shorter term come now. Returns whether it was still to come."""
    if not reason.strip():
        raise ValidationError(_("Say why it can't wait."), "required")
    with transaction.atomic():
        rows = RetentionPolicy.objects.select_for_update().filter(account=account, category=category)
        row = rows.filter(cooling_until__gt=timezone.now()).first()
        if row is None:
            return False
        row.cooling_until = None
        row.save(update_fields=["cooling_until"])
        _publish(account, decisions_in_force(account), {}, by, reason)
        ledger.record(
            "retention.cooling_ended", account_id=account.pk, who=ledger.reference(by), category=category
        )
    return True


def part_of_plan() -> str:
    """Return the reason why an account can't have schedules and the archive."""
    names = list(Plan.objects.filter(schedules=True).values_list("name", flat=True))
    if not names:
        return _("No plan of this helpdesk has this.")
    return _("Part of the plan %(plan)s.") % {"plan": " / ".join(names)}


def proposed(in_force: Policy, decision: Decision, *, now: datetime, skip_cooling: bool = False) -> Policy:
    """Return the rule that would be obeyed if the account decided so at ``now``."""
    scheduled = decision.term.rule == Rule.AFTER
    rule = replace(
        in_force,
        term=decision.term,
        clock=decision.clock,
        cadence=decision.cadence if scheduled else CONTINUOUS,
        at_end=decision.at_end,
        archive=decision.archive if scheduled else None,
        limited=False,
        paused=False,
    )
    if not goes_sooner(decision, in_force):
        return rule
    if skip_cooling:
        return replace(rule, cooling_until=None)
    former = None if everything_waits(decision, in_force) else in_force.term
    if former and in_force.cooling_until and in_force.cooling_until > now:
        former = in_force.former
    return replace(rule, former=former, changed_at=now, cooling_until=now + COOLING_OFF)


def goes_sooner(decision: Decision, in_force: Policy) -> bool:
    """Tell whether a cooling-off stands between this decision and the first run."""
    return everything_waits(decision, in_force) or decision.term.is_shorter_than(in_force.term)


def everything_waits(decision: Decision, in_force: Policy) -> bool:
    """Tell whether the former term says nothing about when things would have gone.

    So it is where the decision cuts the archive, or what is in it already, runs on other days, or counts from
    another moment.
    """
    archive = in_force.archive
    if archive is not None and (decision.archive is None or decision.archive.is_shorter_than(archive)):
        return True
    cadence = decision.cadence if decision.term.rule == Rule.AFTER else CONTINUOUS
    if in_force.cadence.every != Every.CONTINUOUS and cadence.code() != in_force.cadence.code():
        return True
    clocks = clocks_in(in_force.category)
    before = in_force.clock if in_force.clock in clocks else next(iter(clocks), decision.clock)
    return decision.clock in clocks and decision.clock != before


def _decide(row: RetentionPolicy, decision: Decision, in_force: Policy, skip_cooling: bool) -> None:
    if goes_sooner(decision, in_force):
        former = "" if everything_waits(decision, in_force) else in_force.term.code()
        _cool(row, former, skip_cooling)
    else:
        _warm(row, decision.term)
    keep_decision(row, decision)


def keep_decision(row: RetentionPolicy, decision: Decision) -> None:
    """Save a row that says what was decided; raises ``ValidationError`` for what can't be."""
    row.rule, row.amount, row.unit = decision.term.rule, decision.term.amount or 1, decision.term.unit
    row.clock, row.at_end = decision.clock, decision.at_end
    for name, value in asdict(decision.cadence).items():
        setattr(row, name, value)
    archive = decision.archive
    row.archive_amount = archive.amount if archive else None
    row.archive_unit = archive.unit if archive else row.archive_unit
    row.full_clean()
    row.save()


def _cool(row: RetentionPolicy, former: str, skip: bool) -> None:
    """Let what is there wait for the end of its former term; without one, of the whole cooling-off.

    A second change in the same day doesn't make the first one's data go sooner.
    """
    now = timezone.now()
    still = row.cooling_until is not None and row.cooling_until > now
    row.former = row.former if still and former else former
    row.changed_at = now
    row.cooling_until = None if skip else now + COOLING_OFF


def _warm(row: RetentionPolicy, term: Term) -> None:
    """End a wait that a longer term has made needless."""
    if row.former and not term.is_shorter_than(Term.from_code(row.former)):
        row.cooling_until = None


def decisions_in_force(account: Account, *, plan: Plan | None = None) -> dict[str, Decision]:
    """Return what is obeyed in each category, as the decision that says so."""
    return {rule.category: Decision.of_policy(rule) for rule in policies_in_force(account.pk, plan=plan)}


def is_cooling(account: Account, category: str) -> bool:
    until = policy_in_force(account_id=account.pk, category=category).cooling_until
    return until is not None and until > timezone.now()


def note_plan(*, account: Account, obeyed: Mapping[str, Decision], by: User | None, reason: str) -> None:
    """Publish a version where a plan changed what is obeyed; ``obeyed`` is what was obeyed before."""
    now = decisions_in_force(account)
    changed = {
        category: now[category] for category in now if now[category].as_json() != obeyed[category].as_json()
    }
    if changed:
        _publish(account, obeyed, changed, by, reason, by_plan=True)


def _publish(
    account: Account,
    before: Mapping[str, Decision],
    changed: Mapping[str, Decision],
    by: User | None,
    reason: str,
    *,
    least: Mapping[str, MinimumTerm] | None = None,
    **evidence: Any,
) -> PolicyVersion:
    """Make a version of what is obeyed now, and an entry of the ledger for each category that changed.

    ``least`` are the minimum terms before, where they may have changed too.
    """
    minimums = minimums_of(account.pk)
    newest = account.policy_versions.order_by("-number").first()
    version = PolicyVersion.objects.create(
        account=account,
        number=newest.number + 1 if newest else 1,
        by=by,
        before={category: decision.as_json() for category, decision in before.items()},
        after={category: decision.as_json() for category, decision in decisions_in_force(account).items()},
        minimums_before=as_json(minimums if least is None else least),
        minimums_after=as_json(minimums),
        reason=reason.strip(),
    )
    for category, decision in changed.items():
        ledger.record(
            "retention.changed",
            account_id=account.pk,
            who=ledger.reference(by),
            category=category,
            before=before[category].term.code(),
            after=decision.term.code(),
            clock=str(decision.clock),
            cadence=decision.cadence.code(),
            archive=decision.archive.code() if decision.archive else "",
            at_end=str(decision.at_end),
            version=version.number,
            cooling=is_cooling(account, category),
            **evidence,
        )
    return version
