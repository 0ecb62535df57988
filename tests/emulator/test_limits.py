"""How many messages a chat, a group and all chats together take."""

from __future__ import annotations

from .limits import RateLimits


class TestLimits:
    def test_a_chat_takes_a_short_burst_then_one_message_a_second(self) -> None:
        limits = RateLimits(enabled=True)

        waits = [limits.retry_after(1, is_group=False, messages=1, now=at) for at in (0, 0, 0, 0, 0.5, 1.0, 1.1, 2.0)]

        assert waits == [0, 0, 0, 1, 1, 0, 1, 0]

    def test_a_group_takes_twenty_in_a_minute(self) -> None:
        limits = RateLimits(enabled=True)

        waits = [limits.retry_after(-1, is_group=True, messages=1, now=at * 2.0) for at in range(32)]

        assert [at for at, wait in enumerate(waits) if wait == 0] == [*range(20), 30, 31]
        assert waits[20] == 20

    def test_all_chats_together_take_thirty_in_a_second(self) -> None:
        limits = RateLimits(enabled=True)

        waits = [limits.retry_after(chat, is_group=False, messages=1, now=0.5) for chat in range(31)]

        assert waits == [0] * 30 + [1]
        assert limits.retry_after(99, is_group=False, messages=1, now=1.5) == 0
