"""How fast a platform may be spoken to: token buckets, pure functions of the time they are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

OVERALL_PER_SECOND = 25.0  # Telegram documents about 30 a second for a bot; the rest is room for what we do not see
CHAT_PER_SECOND = 1.0
CHAT_BURST = 3.0
GROUP_PER_SECOND = 18 / 60  # 20 a minute documented
STORM_CHATS = 3  # 429 in that many chats within STORM_WINDOW holds the whole bot
STORM_WINDOW = timedelta(seconds=30)
MAX_CHATS = 50_000


@dataclass
class Bucket:
    """A token bucket that may be overdrawn: a reservation tells how long to wait for it."""

    per_second: float
    capacity: float
    tokens: float
    filled_at: datetime

    def reserve(self, now: datetime) -> float:
        """Take one token; the seconds until it is really there (0: now)."""
        passed = max(0.0, (now - self.filled_at).total_seconds())
        self.tokens = min(self.capacity, self.tokens + passed * self.per_second)
        self.filled_at = max(self.filled_at, now)
        self.tokens -= 1
        return 0.0 if self.tokens >= 0 else -self.tokens / self.per_second


@dataclass
class Limiter:
    """The limits of one bot on one platform."""

    per_second: float = OVERALL_PER_SECOND
    _overall: Bucket | None = None
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _held_until: datetime | None = None
    _refusals: list[tuple[datetime, int]] = field(default_factory=list)

    def reserve(self, chat_id: int, now: datetime) -> float:
        """Seconds to wait before sending to the chat; the place is taken."""
        if self._overall is None:
            # A tenth of a second's worth at once, so that a burst never exceeds what the platform allows in a second.
            burst = max(1.0, self.per_second / 10)
            self._overall = Bucket(self.per_second, burst, burst, now)
        wait = max(self._overall.reserve(now), self._chat(chat_id, now).reserve(now))
        if self._held_until is not None:
            wait = max(wait, (self._held_until - now).total_seconds())
        return wait

    def refused(self, chat_id: int, retry_after: float, now: datetime) -> None:
        """Remember a 429; when several chats are refused at once it is the whole bot that must wait."""
        self._refusals = [(at, chat) for at, chat in self._refusals if now - at < STORM_WINDOW]
        self._refusals.append((now, chat_id))
        if len({chat for _, chat in self._refusals}) >= STORM_CHATS:
            until = now + timedelta(seconds=retry_after)
            self._held_until = max(self._held_until or until, until)

    def _chat(self, chat_id: int, now: datetime) -> Bucket:
        bucket = self._chats.get(chat_id)
        if bucket is None:
            if len(self._chats) >= MAX_CHATS:
                self._chats.clear()
            group = chat_id < 0
            rate = GROUP_PER_SECOND if group else CHAT_PER_SECOND
            bucket = self._chats[chat_id] = Bucket(rate, CHAT_BURST, CHAT_BURST, now)
        return bucket
