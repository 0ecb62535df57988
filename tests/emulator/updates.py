"""The queue of updates: kept until confirmed, repeated until then."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

Update = dict[str, Any]
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """Offset semantics of getUpdates. Not thread-safe: the world's lock guards it."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._pending: deque[Update] = deque()
        self._next_id = self._random_start()
        self.allowed: list[str] = []
        self.created = 0

    def _random_start(self) -> int:
        return self._chance.randrange(100_000_000, 900_000_000)

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def pending(self) -> list[Update]:
        return list(self._pending)

    def add(self, kind: str, content: dict[str, Any]) -> int | None:
        """The new update's id, or None when the bot did not ask for this kind."""
        if kind not in self.allowed if self.allowed else kind in NOT_BY_DEFAULT:
            return None
        update_id = self._next_id
        self._next_id += 1
        self.created += 1
        self._pending.append({"update_id": update_id, kind: content})
        return update_id

    def batch(self, offset: int, limit: int) -> list[Update]:
        """What getUpdates answers; everything before `offset` is confirmed and dropped.

        An offset far beyond the queue is a leftover of other times (ids restart at random): Telegram then answers
        from the oldest, confirming nothing.
        """
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        elif 0 < offset <= self._next_id + 10:
            while self._pending and self._pending[0]["update_id"] < offset:
                self._pending.popleft()
        return [update for update, _ in zip(self._pending, range(limit), strict=False)]

    def confirm(self, update_id: int) -> None:
        """Drop one delivered by webhook."""
        self._pending = deque(update for update in self._pending if update["update_id"] != update_id)

    def clear(self) -> None:
        self._pending.clear()

    def restart_ids(self, start: int | None = None) -> int:
        """As after a week without updates: the next id is random, or `start`."""
        self._next_id = self._random_start() if start is None else start
        return self._next_id
