"""What was rung and nobody was told yet; rings that come faster than they are read become one."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class Ring(NamedTuple):
    """That a chat changed; ``seq`` is its first entry that was rung, where one was."""

    account_id: int
    seq: int | None = None


@dataclass
class News:
    """Chats to read, queues that changed, and who types where."""

    chats: dict[UUID, Ring] = field(default_factory=dict)
    queues: set[int] = field(default_factory=set)
    typing: dict[tuple[UUID, str], int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.chats or self.queues or self.typing)

    def add(self, chat: UUID, ring: Ring) -> None:
        known = self.chats.get(chat)
        if known and known.seq is not None and (ring.seq is None or known.seq < ring.seq):
            ring = known
        self.chats[chat] = ring

    def take(self, limit: int) -> "News":
        """Take out at most ``limit`` chats, oldest rings first, and everything else."""
        taken = News({}, self.queues, self.typing)
        self.queues, self.typing = set(), {}
        for chat in list(self.chats)[:limit]:
            taken.chats[chat] = self.chats.pop(chat)
        return taken

    def put_back(self, untold: "News") -> None:
        """Keep what could not be told for another try."""
        for chat, ring in untold.chats.items():
            self.add(chat, ring)
        self.queues |= untold.queues

    @property
    def accounts(self) -> set[int]:
        """The accounts whose agents are to be told something."""
        return {ring.account_id for ring in self.chats.values()} | self.queues | set(self.typing.values())
