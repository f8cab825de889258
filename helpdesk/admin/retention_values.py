"""Between a decision about retention and the controls that show it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from privacy.cadences import Cadence, Every
from privacy.services.rules.decisions import Decision
from privacy.terms import Rule, Term, Unit

ARCHIVE = {"archive_amount", "archive_unit"}
LONGER_UNITS = [(unit.value, unit.label) for unit in Unit if unit not in {Unit.MINUTES, Unit.HOURS}]


def counts_not(chosen: Mapping[str, Any]) -> set[str]:
    """Return the names of the controls that say nothing beside what else was chosen."""
    if chosen.get("rule") != Rule.AFTER:
        return {
            "amount",
            "unit",
            "clock",
            "every",
            "day",
            "weekday",
            "hour",
            "archive_amount",
            "archive_unit",
        }
    of_run = {
        Every.DAILY: {"hour"},
        Every.WEEKLY: {"hour", "weekday"},
        Every.MONTHLY: {"hour", "day"},
    }.get(chosen.get("every"), set())
    return {"hour", "weekday", "day"} - of_run


def decision_from(chosen: Mapping[str, Any], current: Decision) -> Decision:
    """Return what the controls say; what is left out stays as it is."""
    rule = chosen["rule"]
    if rule != Rule.AFTER:
        term = Term(rule, current.term.amount, current.term.unit)
        at_end = chosen.get("at_end") or current.at_end
        return replace(current, term=term, at_end=at_end)
    ignored = counts_not(chosen)
    length = chosen.get("archive_amount")
    run = {
        name: chosen[name]
        for name in ("hour", "weekday", "day")
        if name not in ignored and chosen.get(name) not in {None, ""}
    }
    former = {name: getattr(current.cadence, name) for name in ("hour", "weekday", "day")}
    return Decision(
        term=Term(rule, chosen["amount"], chosen.get("unit") or current.term.unit),
        clock=chosen.get("clock") or current.clock,
        cadence=Cadence(chosen.get("every") or current.cadence.every, **{**former, **run}),
        at_end=chosen.get("at_end") or current.at_end,
        archive=Term(Rule.AFTER, length, chosen.get("archive_unit") or Unit.MONTHS) if length else None,
    )


def controls_of(decision: Decision) -> dict[str, Any]:
    """Return what the controls show for a decision, by their names."""
    archive = decision.archive
    return {
        "rule": decision.term.rule,
        "amount": decision.term.amount or 30,
        "unit": decision.term.unit,
        "clock": decision.clock,
        **{name: getattr(decision.cadence, name) for name in ("every", "hour", "weekday", "day")},
        "archive_amount": archive.amount if archive else None,
        "archive_unit": archive.unit if archive else Unit.YEARS,
        "at_end": decision.at_end,
    }
