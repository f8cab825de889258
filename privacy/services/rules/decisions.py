"""What an account decides about one category, as it is compared, written down and put in force."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from privacy.cadences import Cadence
from privacy.models import AtEnd, RetentionPolicy
from privacy.services.rules.cooling import after_change
from privacy.services.rules.policy import CONTINUOUS, Policy
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

    def as_policy(self, like: Policy) -> Policy:
        """Return the rule that this makes for the category of another one, with what waits there."""
        scheduled = self.term.rule == Rule.AFTER
        return replace(
            like,
            term=self.term,
            clock=self.clock,
            cadence=self.cadence if scheduled else CONTINUOUS,
            at_end=self.at_end,
            archive=self.archive if scheduled else None,
            limited=False,
            paused=False,
        )


def proposed(in_force: Policy, decision: Decision, *, now: datetime, skip_cooling: bool = False) -> Policy:
    """Return the rule that would be obeyed if the account decided so at ``now``, with what would wait."""
    return after_change(decision.as_policy(in_force), in_force, now=now, skip=skip_cooling)
