"""The same words sent twice in a moment are one message: somebody clicked twice, or waited for an answer.

It is looked for under the ticket's lock, so that the second one sees the first.
"""

from datetime import timedelta

from django.utils import timezone

from helpdesk.models import Ticket, TicketMessage, User

MOMENT = timedelta(seconds=30)


def said_just_now(
    ticket: Ticket, *, kind: str, body: str, agent: User | None = None, files: int = 0
) -> TicketMessage | None:
    """Return the ticket's newest message, where the same person said just this a moment ago."""
    last = ticket.messages.filter(created_at__gt=timezone.now() - MOMENT).last()
    if last is None or (last.kind, last.agent_id) != (kind, agent.pk if agent else None):
        return None
    return last if last.body == body and last.files.count() == files else None
