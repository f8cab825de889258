"""What waits after a change of a rule: one answer, whether an account decided it, or its plan did."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from privacy.cadences import Cadence, Every
from privacy.declarations import clocks_in
from privacy.services.rules.policy import Policy, Wait
from privacy.terms import Rule, Term

COOLING_OFF = timedelta(hours=24)
CHANGES_IN_A_ROW = 30  # as many as are told apart; at the next one within a day everything waits its day


def after_change(rule: Policy, before: Policy, *, now: datetime, skip: bool = False) -> Policy:
    """Return a rule with what waits once it follows ``before``, at ``now``; ``skip`` lets it come at once.

    A rule under which nothing can go sooner takes over the waits of the one before it, as far as it is
    sooner than what these wait for.
    """
    before = _still_waiting(before, now)
    if may_go_sooner(rule, before):
        if len(before.formers) >= CHANGES_IN_A_ROW:
            before = replace(before, term=Term(Rule.KEEP), wait=None)
        return replace(rule, wait=None if skip else Wait(now, now + COOLING_OFF, before))
    wait = before.wait
    while wait and not may_go_sooner(rule, wait.former):
        wait = wait.former.wait
    return replace(rule, wait=wait)


def may_go_sooner(rule: Policy, before: Policy) -> bool:
    """Tell whether anything can leave, or be erased, sooner under a rule than under the one before it.

    So it may where the term or the archive is shorter, or where it runs on other days or counts from another
    moment; of each thing the wait itself says whether it does.
    """
    if rule.term.rule == Rule.KEEP or before.term.rule == Rule.AT_ONCE:
        return False
    return (
        rule.term.may_end_before(before.term)
        or _cuts_archive(rule, before)
        or (before.cadence.every != Every.CONTINUOUS and rule.cadence.code() != before.cadence.code())
        or _clock(rule) != _clock(before)
    )


def as_json(rule: Policy) -> dict[str, Any]:
    """Return what of a rule tells when things go, with what waits there, to be read by :func:`from_json`."""
    said: dict[str, Any] = {
        "term": rule.term.code(),
        "clock": str(rule.clock),
        "cadence": rule.cadence.code(),
        "archive": rule.archive.code() if rule.archive else "",
    }
    if wait := rule.wait:
        said |= {
            "since": wait.since.isoformat(),
            "until": wait.until.isoformat(),
            "former": as_json(wait.former),
        }
    return said


def from_json(said: Mapping[str, Any], like: Policy) -> Policy:
    """Return a rule that was written down, for the account and category of another one."""
    wait = None
    if "former" in said:
        since, until = (datetime.fromisoformat(said[name]) for name in ("since", "until"))
        wait = Wait(since, until, from_json(said["former"], like))
    return replace(
        like,
        term=Term.from_code(said["term"]),
        clock=said["clock"],
        cadence=Cadence.from_code(said["cadence"]),
        archive=Term.from_code(said["archive"]) if said["archive"] else None,
        wait=wait,
    )


def _still_waiting(rule: Policy, now: datetime) -> Policy:
    """Return a rule without its wait where that is over, and the first run has come since.

    What its former rule waited for stays as long as the wait itself: it tells when things would have gone.
    """
    if rule.wait and rule.cadence.next_run(rule.wait.until, rule.zone) <= now:
        return replace(rule, wait=None)
    return rule


def _cuts_archive(rule: Policy, before: Policy) -> bool:
    if before.archive is None:
        return False
    return rule.archive is None or rule.archive.may_end_before(before.archive)


def _clock(rule: Policy) -> str:
    clocks = clocks_in(rule.category)
    return rule.counts_from if rule.counts_from in clocks else next(iter(clocks), "")
