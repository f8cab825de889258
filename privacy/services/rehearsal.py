"""What a rule would do, before it does it."""

from datetime import datetime

from privacy.services.due import everything_due
from privacy.services.policies import Policy


def count_due(policy: Policy, now: datetime) -> int:
    """Return how many chats, tickets, files or rows the purge would take at ``now`` under a rule."""
    return sum(len(batch.erase) + len(batch.archive) for _declared, batch in everything_due(policy, now))
