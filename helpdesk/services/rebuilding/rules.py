"""Retention: plans, decisions and versions that are newer than the backup that was restored."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from helpdesk.models import Account, User
from helpdesk.services.minimums import as_json, set_minimums
from helpdesk.services.retention import Decision, decisions_in_force, keep_decision
from privacy.ledger.decisions import Found, Outcome
from privacy.minimum_terms import MinimumTerm
from privacy.models import LedgerEntry, Plan, PlanTerm, PolicyVersion, RetentionPolicy
from privacy.services.restoring.holds import lost_reason
from privacy.services.restoring.pseudonyms import with_references
from privacy.services.rules.minimums import minimums_of
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.waits import let_all_wait, settle_waits
from privacy.terms import Rule, Term

MINIMUM = "retention.minimum_changed"


def rebuild_plans(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Let plans say again what they said; what they cut short waits a day from now."""
    for entry in entries:
        try:
            _say_again(entry.params)
            yield Found(entry, Outcome.REBUILT, about=entry.params["plan"])
        except (KeyError, ValueError):
            yield Found(entry, Outcome.LOST)


def rebuild_rules(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Decide again what accounts decided; a category of which not all is certain is paused.

    Whatever is there under a rule that was made again waits a day, so that somebody can look at it.
    """
    people = with_references(
        User._base_manager.all(), {entry.params.get("who", "") for entry in entries}
    ).rows
    of_account: dict[int | None, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        of_account[entry.account_id].append(entry)
    for account_id, said in of_account.items():
        account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
        if account is None:
            yield from (Found(entry, Outcome.LOST) for entry in said)
        else:
            yield from _decide_again(account, said, people)


def _decide_again(account: Account, entries: list[LedgerEntry], people: dict[str, Any]) -> Iterator[Found]:
    for version, said in _by_version(entries).items():
        before = decisions_in_force(account)
        least = minimums_of(account.pk)
        for entry in said:
            if entry.action == MINIMUM:
                yield _set_minimum(account, entry)
            elif not entry.params.get("by_plan"):
                _decide(account, entry.params)
        _keep_version(account, version, said[-1], (before, least), people.get(said[-1].params.get("who", "")))
    obeyed = decisions_in_force(account)
    newest = {entry.params.get("category", ""): entry for entry in entries if entry.action != MINIMUM}
    for category, entry in newest.items():
        if _is_obeyed(entry.params, obeyed.get(category)):
            yield Found(entry, Outcome.REBUILT, about=category)
        else:
            yield Found(entry, Outcome.PAUSED, category=category)


def _by_version(entries: list[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    versions: dict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        versions[entry.params.get("version", 0)].append(entry)
    return versions


def _decide(account: Account, said: dict[str, Any]) -> None:
    """Let the row of a category say what an entry says, as far as it can be read."""
    row = account.retention_policies.filter(category=said.get("category", "")).first()
    row = row or RetentionPolicy(account=account, category=said.get("category", ""))
    try:
        decision = Decision.from_json({"at_end": row.at_end, **said, "term": said["after"]})
        keep_decision(row, decision)
        let_all_wait(account.pk, [row.category], now=timezone.now())
    except (KeyError, ValueError, ValidationError):
        pass  # then it isn't what is obeyed, and the category is paused


def _set_minimum(account: Account, entry: LedgerEntry) -> Found:
    """Set the minimum of a category again, or take it away; it erases nothing either way."""
    category, code = entry.params.get("category", ""), entry.params.get("after", "")
    try:
        least = MinimumTerm(category, Term.from_code(code), lost_reason()) if code else None
        set_minimums(account, {category: least})
    except (ValueError, ValidationError):
        return Found(entry, Outcome.LOST, about=category)
    return Found(entry, Outcome.REBUILT, about=category)


def _is_obeyed(said: dict[str, Any], decision: Decision | None) -> bool:
    """Tell whether what is obeyed now is what an entry says, and all of it."""
    if decision is None or not (said.get("by_plan") or "at_end" in said):
        return False
    obeyed = decision.as_json()
    parts = ["clock", "cadence", "archive"] if decision.term.rule == Rule.AFTER else ["clock"]
    return obeyed["term"] == said.get("after") and all(obeyed[part] == said.get(part) for part in parts)


def _keep_version(
    account: Account,
    number: int,
    entry: LedgerEntry,
    before: tuple[dict[str, Decision], dict[str, MinimumTerm]],
    by: Any,
) -> None:
    """Make the version that an entry names, so that later ones go on counting behind it."""
    if number:
        after = decisions_in_force(account)
        PolicyVersion.objects.get_or_create(
            account=account,
            number=number,
            defaults={
                "at": entry.at,
                "by": by,
                "before": {category: decision.as_json() for category, decision in before[0].items()},
                "after": {category: decision.as_json() for category, decision in after.items()},
                "minimums_before": as_json(before[1]),
                "minimums_after": as_json(minimums_of(account.pk)),
                "reason": lost_reason(),
            },
        )


def _say_again(said: dict[str, Any]) -> None:
    plan, _made = Plan.objects.get_or_create(code=said["plan"], defaults={"name": said["plan"]})
    before = {account.pk: list(policies_in_force(account.pk)) for account in plan.accounts.all()}
    if "schedules" in said:
        plan.schedules = said["schedules"]
        plan.save()
    if "category" in said:
        term = Term.from_code(said["after"])
        row = plan.terms.filter(category=said["category"]).first()
        row = row or PlanTerm(plan=plan, category=said["category"])
        row.rule, row.amount, row.unit = term.rule, term.amount or 1, term.unit
        row.save()
    for account_id, rules in before.items():
        settle_waits(account_id, rules, now=timezone.now())
