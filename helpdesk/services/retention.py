"""What an account decides about retention: each change is a version, and counts for what exists already."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.models import Account, User
from helpdesk.services.entitlement import refuse_beyond_plan
from helpdesk.services.minimums import (
    Minimums,
    as_json,
    changed_minimums,
    record_minimums,
    refuse_without_reason,
    set_minimums,
)
from privacy import ledger
from privacy.minimum_terms import MinimumTerm
from privacy.models import PolicyVersion, RetentionPolicy
from privacy.services.rules.decisions import Decision, proposed
from privacy.services.rules.minimums import minimums_of
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.policy import Policy
from privacy.services.rules.waits import end_wait, settle_waits


def change_retention(
    *,
    account: Account,
    decisions: Mapping[str, Decision],
    minimums: Minimums | None = None,
    by: User | None,
    reason: str = "",
    skip_cooling: bool = False,
    before: Collection[Policy] | None = None,
) -> PolicyVersion | None:
    """Keep these categories of the account's data so from now on; what exists falls under it too.

    ``minimums`` are the minimum terms that change, ``None`` for one that is taken away: they erase nothing
    and keep nothing, but a decision for less than the account's own minimum needs a reason.

    Returns the new version, or ``None`` where nothing changed. After a shorter rule, what was there before
    waits for 24 hours, unless ``skip_cooling``, which needs a reason where data is concerned. ``before`` are
    the rules at the beginning of a save that changed the plan, too. The ledger gets each term before and
    after. Raises ``ValidationError`` for bad values and for what the plan doesn't allow.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        rows = {row.category: row for row in account.retention_policies.all()}
        changed = {
            category: decision
            for category, decision in decisions.items()
            if category not in rows or Decision.of(rows[category]).as_json() != decision.as_json()
        }
        least = minimums_of(account.pk)
        moved = changed_minimums(least, minimums or {})
        if not changed and not moved:
            return None
        obeyed = list(policies_in_force(account.pk))
        set_minimums(account, moved)
        refuse_without_reason(account, changed, reason)
        for category, decision in changed.items():
            refuse_beyond_plan(account=account, category=category, decision=decision)
            keep_decision(rows.get(category) or RetentionPolicy(account=account, category=category), decision)
        skipped = changed.keys() if skip_cooling else ()
        settle_waits(account.pk, before or obeyed, now=timezone.now(), skip=skipped)
        version = _publish(account, obeyed, changed, by, reason, least=least)
        record_minimums(version, moved, ledger.reference(by))
        return version


def note_plan(*, account: Account, before: Collection[Policy], by: User | None, reason: str) -> None:
    """Let what a plan cut short wait, and publish a version where it changed what is obeyed.

    ``before`` are the rules from before; the account is locked.
    """
    settle_waits(account.pk, before, now=timezone.now())
    obeyed, now = decisions_of(before), decisions_in_force(account)
    changed = {
        category: now[category] for category in now if now[category].as_json() != obeyed[category].as_json()
    }
    if changed:
        _publish(account, before, changed, by, reason, by_plan=True)


def end_cooling(*, account: Account, category: str, by: User, reason: str) -> bool:
    """Let the first run after a shorter rule come now, whoever made it shorter.

    Returns whether it was still to come. Raises ``ValidationError`` without a reason.
    """
    if not reason.strip():
        raise ValidationError(_("Say why it can't wait."), "required")
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if not end_wait(account.pk, category, now=timezone.now()):
            return False
        _publish(account, list(policies_in_force(account.pk)), {}, by, reason)
        ledger.record(
            "retention.cooling_ended", account_id=account.pk, who=ledger.reference(by), category=category
        )
    return True


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


def decisions_in_force(account: Account) -> dict[str, Decision]:
    """Return what is obeyed in each category, as the decision that says so."""
    return decisions_of(policies_in_force(account.pk))


def decisions_of(rules: Iterable[Policy]) -> dict[str, Decision]:
    return {rule.category: Decision.of_policy(rule) for rule in rules}


def _publish(
    account: Account,
    before: Collection[Policy],
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
    was, minimums = decisions_of(before), minimums_of(account.pk)
    rules = {rule.category: rule for rule in policies_in_force(account.pk)}
    newest = account.policy_versions.order_by("-number").first()
    version = PolicyVersion.objects.create(
        account=account,
        number=newest.number + 1 if newest else 1,
        by=by,
        before={category: decision.as_json() for category, decision in was.items()},
        after={category: decision.as_json() for category, decision in decisions_of(rules.values()).items()},
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
            before=was[category].term.code(),
            after=decision.term.code(),
            clock=str(decision.clock),
            cadence=decision.cadence.code(),
            archive=decision.archive.code() if decision.archive else "",
            at_end=str(decision.at_end),
            version=version.number,
            cooling=rules[category].is_cooling(version.at),
            **evidence,
        )
    return version


__all__ = [
    "Decision",
    "change_retention",
    "decisions_in_force",
    "end_cooling",
    "keep_decision",
    "note_plan",
    "proposed",
]
