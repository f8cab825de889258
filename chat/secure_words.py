"""What is said in a chat about a sensitive value that was asked for: never the value itself."""

from django.utils.translation import gettext as _

from chat.models import Conversation, Message
from helpdesk.text import without_turns

Kind = Message.Kind
SECURE_KINDS = {Kind.ASKED, Kind.ANSWERED, Kind.DECLINED, Kind.VIEWED, Kind.EXPIRED}


def sentence_of(entry: Message, audience: str) -> str:
    """Return an entry about a sensitive value as one sentence for the visitor or the agent.

    The words of others in it turn nothing around them (Unicode's isolates).
    """
    is_visitor = audience == Conversation.Side.VISITOR
    words = {"label": f"\u2068{entry.body}\u2069", "name": f"\u2068{_agent(entry)}\u2069"}
    sentences = {
        Kind.ASKED: _("%(name)s asked for something sensitive: %(label)s"),
        Kind.ANSWERED: _("You sent “%(label)s”. It is shown nowhere here.")
        if is_visitor
        else _("The visitor sent “%(label)s”."),
        Kind.DECLINED: _("You did not want to send “%(label)s”.")
        if is_visitor
        else _("The visitor does not want to send “%(label)s”."),
        Kind.VIEWED: _("%(name)s saw “%(label)s” once. It is erased."),
        Kind.EXPIRED: _("“%(label)s” can't be sent or seen any more. What was sent is erased."),
    }
    return sentences[Kind(entry.kind)] % words


def _agent(entry: Message) -> str:
    return without_turns(entry.agent.name if entry.agent else "") or _("Agent")
