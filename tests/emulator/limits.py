"""Telegram's own limits on sending: 30 a second overall, about one a second in a chat, 20 a minute in a group."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass
class RateLimits:
    """Counts what was let through; off until `enabled`.

    The one-a-second rule of a chat tolerates a short burst, as Telegram does.
    """

    enabled: bool = False
    overall_per_second: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    refused: int = 0
    _overall: deque[float] = field(default_factory=deque)
    _groups: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _allowance: dict[int, tuple[float, float]] = field(default_factory=dict)

    def retry_after(self, chat_id: int, *, is_group: bool, messages: int, now: float) -> int:
        """0 when the messages may pass (they are then counted), else the whole seconds to wait.

        Args:
            now: seconds of any steady clock.
        """
        if not self.enabled:
            return 0
        tokens, since = self._allowance.get(chat_id, (float(self.chat_burst), now))
        tokens = min(float(self.chat_burst), tokens + (now - since) * self.chat_per_second)
        waits = [
            _wait_in_window(self._overall, self.overall_per_second, 1.0, now, messages),
            (1.0 - tokens) / self.chat_per_second if tokens < 1.0 else 0.0,
        ]
        if is_group:
            waits.append(_wait_in_window(self._groups[chat_id], self.group_per_minute, 60.0, now, messages))
        longest = max(waits)
        if longest > 0:
            self.refused += 1
            return max(1, math.ceil(longest))
        self._allowance[chat_id] = (tokens - messages, now)
        self._overall.extend([now] * messages)
        if is_group:
            self._groups[chat_id].extend([now] * messages)
        return 0


def _wait_in_window(passed: deque[float], most: int, window: float, now: float, messages: int) -> float:
    while passed and passed[0] <= now - window:
        passed.popleft()
    over = len(passed) + messages - most
    return passed[min(over, len(passed)) - 1] + window - now if over > 0 and passed else 0.0
