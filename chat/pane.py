"""One chat as an agent sees it: what was said, by whom, whether they agreed, and when it is erased."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import Prefetch

from chat.attached import read_attached
from chat.closed import read_closed
from chat.desk import Desk, read_desk
from chat.models import ChatAnswer, Conversation, Message, TechnicalData
from chat.permissions import may_answer, may_close
from chat.streams.rooms import render_entry
from helpdesk.models import Contact, Ticket, User
from helpdesk.permissions import may_erase
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, read_lost_as, share_keys
from privacy.models import ConsentRecord
from privacy.services.people.consent import consent_of
from privacy.services.rules.retention import Expiry, expiry_of, expiry_of_part

ENTRIES_AT_ONCE = 500
TWINS_SHOWN = 3


@dataclass
class Pane:
    chat: Conversation
    state: str
    may_close: bool
    may_erase: bool
    entries: list[Message]
    answers: list[ChatAnswer]
    twins: list[Contact]
    consent: ConsentRecord | None
    technical: TechnicalData | None
    technical_expiry: Expiry | None
    expiry: Expiry
    desk: Desk
    closed: Page | None  # beside a closed chat

    @property
    def last_seq(self) -> int:
        return self.entries[-1].seq if self.entries else 0


def state_for(user: User, chat: Conversation) -> str:
    """Return what the chat is to this agent: ``bot``, ``waiting``, ``mine``, ``other`` or ``closed``."""
    if may_answer(user, chat):
        return "mine"
    return "other" if chat.status == Conversation.Status.ACTIVE else chat.status


def read_pane(user: User, chat: Conversation) -> Pane:
    """Return everything that the page of a chat shows, with one query for all its keys."""
    desk = read_desk(user)
    entries = list(chat.messages.select_related("agent", "secure"))
    tickets = Prefetch("tickets", Ticket.objects.visible_to(user))
    twins = list(Contact.objects.possibly_same_as(chat.contact).prefetch_related(tickets)[:TWINS_SHOWN])
    state = state_for(user, chat)
    closed = read_closed(user) if state == "closed" else None
    answers = list(chat.answers.all())
    technical = TechnicalData.objects.filter(conversation=chat).first()
    expiry = expiry_of(account_id=chat.account_id, category=Category.CHAT, unit=chat)
    shown = [row for row in (user, chat, chat.agent, technical) if row]
    files = read_attached(entries)
    share_keys(
        [*shown, *entries, *answers, *files, *twins, *desk.sealed_rows(), *(closed or ())], lost=UNREADABLE
    )
    return Pane(
        chat=chat,
        state=state,
        may_close=may_close(user, chat),
        may_erase=state == "closed" and may_erase(user),
        entries=entries,
        answers=answers,
        twins=twins,
        consent=consent_of(account=chat.account_id, person=chat.contact),
        technical=technical,
        technical_expiry=expiry_of_part(technical, expiry) if technical else None,
        expiry=expiry,
        desk=desk,
        closed=closed,
    )


def read_news(user: User, chat: Conversation, *, after: int, said: Message | None = None) -> dict[str, Any]:
    """Return the entries behind ``after`` as the page's script takes them, and what the chat is now.

    ``said`` is what this request has added itself: mostly it is all there is, and nothing need be read.
    """
    if said and said.seq == after + 1:
        entries = [said]
    else:
        entries = list(
            chat.messages.filter(seq__gt=after).select_related("agent", "secure")[:ENTRIES_AT_ONCE]
        )
    read_attached(entries)
    read_lost_as(UNREADABLE, entries)
    return {
        "state": state_for(user, chat),
        "entries": [{"seq": e.seq, "side": e.side, "html": render_entry(e, "agent")} for e in entries],
        "more": len(entries) == ENTRIES_AT_ONCE,
    }
