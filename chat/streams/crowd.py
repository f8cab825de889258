"""Everybody who has a stream open in this process."""

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from chat.streams.subscriber import Admission, Subscriber

TABS = 20  # streams of one chat, or of one agent's session; more is somebody who tries us


class Crowd:
    """The subscribers, found by the chat they are in or the account they work for."""

    def __init__(self) -> None:
        self._visitors: dict[UUID, set[Subscriber]] = {}
        self._agents: dict[int, set[Subscriber]] = {}

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(list(chain(*self._visitors.values(), *self._agents.values())))

    def has_room_for(self, admission: Admission) -> bool:
        """Tell whether one more stream of the same chat or session is reasonable."""
        if admission.conversation_id:
            return len(self.visitors_in(admission.conversation_id)) < TABS
        agents = self.agents_of(admission.account_id)
        return sum(agent.admission.session_key == admission.session_key for agent in agents) < TABS

    def add(self, subscriber: Subscriber) -> None:
        admission = subscriber.admission
        if admission.conversation_id:
            self._visitors.setdefault(admission.conversation_id, set()).add(subscriber)
        else:
            self._agents.setdefault(admission.account_id, set()).add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        admission = subscriber.admission
        if admission.conversation_id:
            _discard(self._visitors, admission.conversation_id, subscriber)
        else:
            _discard(self._agents, admission.account_id, subscriber)

    def visitors_in(self, chat: UUID) -> tuple[Subscriber, ...]:
        return tuple(self._visitors.get(chat, ()))

    def agents_of(self, account_id: int) -> tuple[Subscriber, ...]:
        return tuple(self._agents.get(account_id, ()))

    def watch(self, chat: UUID, account_id: int) -> bool:
        """Tell whether anybody wants to know what is new in a chat."""
        return chat in self._visitors or account_id in self._agents

    def chats(self) -> dict[UUID, int]:
        """Return the chats that visitors have open, each with its account."""
        return {chat: next(iter(tabs)).admission.account_id for chat, tabs in self._visitors.items()}


def _discard(rooms: dict[Any, set[Subscriber]], key: Any, subscriber: Subscriber) -> None:
    tabs = rooms.get(key, set())
    tabs.discard(subscriber)
    if not tabs:
        rooms.pop(key, None)
