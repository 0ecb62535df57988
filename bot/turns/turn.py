"""A turn: one update being handled. Its effects, dialogue state and replies are committed together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import Draft


@dataclass
class Turn:
    """What a handler gathers.

    Attributes:
        chat_id: the private chat of whoever the update is from (0: nobody).
        session: takes the writing connection with its first statement; slow work belongs before that.
        letters: replies and notices, in their order.
        conversations: dialogue states that changed, by key.
        found: dialogue states as they were read.
        parked: why the update could not be handled at all, after the last try.
    """

    channel: str
    update_id: int
    chat_id: int
    session: AsyncSession
    now: datetime
    letters: list[Draft] = field(default_factory=list)
    conversations: dict[str, tuple[str | None, dict[str, Any]]] = field(default_factory=dict)
    found: dict[str, tuple[str | None, dict[str, Any]]] = field(default_factory=dict)
    parked: str | None = None

    def next_key(self) -> str:
        """The unique key of the next reply: the same when the same update is handled again after a crash."""
        return f"reply:{self.channel}:{self.update_id}:{len(self.letters)}"

    async def undo(self) -> None:
        """Forget every effect so far (a person's mistake was found): nothing half done."""
        await self.session.rollback()
        self.letters.clear()
        self.conversations.clear()


_current: ContextVar[Turn | None] = ContextVar("turn", default=None)


def current_turn() -> Turn | None:
    """The turn of this task, if an update is being handled."""
    return _current.get()


@contextmanager
def taking(turn: Turn) -> Iterator[Turn]:
    """Make it the current turn of this task."""
    token = _current.set(turn)
    try:
        yield turn
    finally:
        _current.reset(token)
