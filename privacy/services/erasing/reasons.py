"""Why something is erased, as the ledger says it."""

from dataclasses import dataclass, field
from typing import Any

from privacy.models import AtEnd
from privacy.services.rules.policies import Policy


@dataclass(frozen=True)
class Reason:
    """Why something is erased: a code for the ledger, and the rule that was obeyed, if any.

    ``skeleton`` keeps figures about nobody of what the declaration names. ``despite_holds`` is for what can't
    be read any more, and so is no evidence either.
    """

    code: str
    account_id: int | None
    rule: dict[str, Any] = field(default_factory=dict)
    skeleton: bool = False
    despite_holds: bool = False

    @classmethod
    def of_policy(cls, code: str, policy: Policy, *, run: str = "") -> "Reason":
        """Return the reason that names the rule of an account and its version, and the run of the purge."""
        rule = {
            "category": policy.category,
            "rule": policy.term.code(),
            "clock": str(policy.clock),
            "cadence": policy.cadence.code(),
            "version": policy.version,
        }
        if run:
            rule["run"] = run
        return cls(code, policy.account_id, rule, policy.at_end == AtEnd.SKELETON)

    @property
    def run(self) -> str:
        """Return the code of the run of the purge, if it is one."""
        return self.rule.get("run", "")
