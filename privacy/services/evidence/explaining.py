"""Why something was erased, or wasn't: one sentence with rule, clock, date and version."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.declarations import PersonalData, declaration_of, declarations, root_of
from privacy.models import LedgerEntry, Suspension
from privacy.services.evidence.erased import erasure_of
from privacy.services.evidence.ledger_words import (
    moment_in_words,
    reason_in_words,
    rule_in_words,
    version_in_words,
)
from privacy.services.evidence.receipts import erasure_with
from privacy.services.rules.due import clock_of, clocks_of, moment_of, step_of
from privacy.services.rules.minimums import falls_short, minimums_of
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.policy import Policy, Wait
from privacy.services.rules.retention import erased_at, sentence_of
from privacy.services.rules.suspensions import stops_of
from privacy.terms import Rule


def explain(unit: Model, *, now: datetime | None = None) -> str:
    """Return in one sentence why a chat, ticket, contact or file is still here, and until when.

    It names what stops the erasure or else the rule, its clock, the date and the version; times are in the
    time zone of the account. Where the account set a minimum term, a second sentence says it, and why.
    """
    declared = root_of(type(unit))
    policy = policy_in_force(account_id=unit.account_id, category=declared.category)  # type: ignore[attr-defined]
    stop = stops_of([unit]).get(unit.pk)
    now = now or timezone.now()
    because = _of_stop(stop, declared, policy, unit, now) if stop else _of_rule(declared, policy, unit, now)
    part = declaration_of(type(unit))
    if part is not None and part.separable:
        because = _("%(because)s, and it goes with its %(whole)s at the latest") % {
            "because": because,
            "whole": part.root._meta.verbose_name if part.root else "",
        }
    said = _("Still here: %(because)s; the rule is “%(rule)s” (%(version)s).") % {
        "because": because,
        "rule": sentence_of(policy),
        "version": _version(policy),
    }
    return " ".join(filter(None, [said, _of_minimum(policy)]))


def explain_id(pk: UUID, *, account_ids: Any, now: datetime | None = None) -> str:
    """Return the same for what has this id in these accounts; empty where nothing has."""
    units = [each for each in declarations() if each.clocks and (each.is_root or each.separable)]
    found = (each.rows().filter(pk=pk, account_id__in=account_ids).first() for each in units)
    unit = next(filter(None, found), None)
    return explain(unit, now=now) if unit else ""


def explain_erased(pk: UUID, *, among: QuerySet[LedgerEntry], zone: Any) -> str:
    """Return in one sentence when and why something was erased, as the ledger says.

    ``among`` are the entries that the person may see. Raises
    :class:`privacy.services.evidence.erased.NothingErased`.
    """
    begun = erasure_of(pk, among=among)
    done = erasure_with(begun.seq, among=among)[1]
    said = begun.params
    words = {
        "when": moment_in_words((done or begun).at, zone),
        "entry": begun.seq,
        "reason": reason_in_words(said["reason"]),
        "rule": rule_in_words(said),
        "version": version_in_words(said.get("version", 0)),
    }
    if done is None:
        return _("Being erased since %(when)s (entry %(entry)d): %(reason)s.") % words
    if not words["rule"]:
        return _("Erased on %(when)s (entry %(entry)d): %(reason)s.") % words
    return (
        _("Erased on %(when)s (entry %(entry)d): %(reason)s; the rule was “%(rule)s” (%(version)s).") % words
    )


def _of_stop(stop: Suspension, declared: PersonalData, policy: Policy, unit: Model, now: datetime) -> str:
    words = {
        "since": moment_in_words(stop.created_at, policy.zone),
        "kind": stop.get_kind_display(),
        "basis": stop.get_basis_display(),
        "day": date_format(stop.review_on, "DATE_FORMAT"),
        "otherwise": _without_stop(declared, policy, unit, now),
    }
    return (
        _(
            "on hold since %(since)s (%(kind)s, for %(basis)s), to be reviewed on %(day)s; without that,"
            " %(otherwise)s"
        )
        % words
    )


def _of_minimum(policy: Policy) -> str:
    minimum = minimums_of(policy.account_id).get(policy.category)
    if minimum is None:
        return ""
    if falls_short(minimum, term=policy.term, archive=policy.archive):
        said = _("That is shorter than the %(length)s for which the account means to keep it (%(reason)s).")
    else:
        said = _("The account means to keep it for %(length)s at least (%(reason)s).")
    return said % {"length": minimum.term.length_in_words(), "reason": minimum.source}


def _without_stop(declared: PersonalData, policy: Policy, unit: Model, now: datetime) -> str:
    """Return when a unit that something stops would have gone, or would go."""
    start, at = _start_of(declared, policy, unit), erased_at(policy, unit)
    if start is None or at is None:
        return _of_rule(declared, policy, unit, now)
    if at <= now:
        said = _("its clock runs since %(start)s, and the run of %(at)s would have erased it")
    else:
        said = _("its clock runs since %(start)s, and the run of %(at)s would erase it")
    moments = {"start": start, "at": at}
    return said % {name: moment_in_words(moment, policy.zone) for name, moment in moments.items()}


def _of_rule(declared: PersonalData, policy: Policy, unit: Model, now: datetime) -> str:
    start = _start_of(declared, policy, unit)
    if start is None:
        return _not_over(declared)
    if policy.term.rule == Rule.KEEP:
        return _("no term ends, until somebody deletes it by hand")
    return _of_run(declared, policy, unit, start, now)


def _start_of(declared: PersonalData, policy: Policy, unit: Model) -> datetime | None:
    """Return when the clock of a unit began; ``None`` as long as it isn't over."""
    is_over = not declared.over or getattr(unit, declared.over) is not None
    return moment_of(_value(unit, clock_of(declared, policy)), policy) if is_over else None


def _of_run(declared: PersonalData, policy: Policy, unit: Model, start: datetime, now: datetime) -> str:
    archived_at = getattr(unit, declared.archive) if declared.archive else None
    starts = [_value(unit, way) for way in clocks_of(declared, policy)]
    step, at = step_of(declared, policy, starts, archived_at)
    wait = _wait_of(policy, starts, archived_at)
    if step == "archive":
        said = _("its clock runs since %(start)s, and on %(at)s it goes to the archive, until %(end)s")
    elif at is not None and at <= now:
        said = _("due since %(at)s, so the next run erases it")
    elif wait and wait.until <= (at or now):
        said = _(
            "a shorter term was decided on %(changed)s, what was there before waits until %(cooling)s,"
            " and the run of %(at)s erases it"
        )
    elif wait:
        said = _(
            "a shorter term was decided on %(changed)s, and what was there before still goes with the run of"
            " %(at)s"
        )
    elif archived_at is not None:
        said = _("in the archive since %(archived)s, and erased on %(at)s")
    else:
        said = _("its clock runs since %(start)s, and the run of %(at)s erases it")
    moments = {
        "start": start,
        "at": at,
        "archived": archived_at,
        "end": erased_at(policy, unit),
        "changed": wait and wait.since,
        "cooling": wait and wait.until,
    }
    return said % {name: moment_in_words(m, policy.zone) if m else "" for name, m in moments.items()}


def _wait_of(policy: Policy, starts: Sequence[date | None], archived_at: datetime | None) -> Wait | None:
    """Return the wait that keeps something longer than its rule does: the one that ends first."""
    start, *earlier = (moment_of(each, policy) for each in starts)
    end = policy.ends_at(start, archived_at, earlier=earlier)
    if policy.wait is None or end == replace(policy, wait=None).ends_at(start, archived_at):
        return None
    waits = [rule.wait for rule in (policy, *policy.formers) if rule.wait]
    return next((wait for wait in waits if wait.until == end), policy.wait)


def _not_over(declared: PersonalData) -> str:
    if declared.person == "pk":
        return _("something else of this person is kept, so no clock runs yet")
    return _("it isn't closed, so no clock runs yet")


def _version(policy: Policy) -> str:
    words = version_in_words(policy.version)
    return (
        _("the plan's term; %(version)s") % {"version": words} if policy.limited and policy.version else words
    )


def _value(row: Any, way: str) -> Any:
    for name in way.split("__"):
        row = getattr(row, name)
    return row
