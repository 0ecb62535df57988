"""How fast a platform may be spoken to: pure functions of the time they are given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PLATFORM_PER_SECOND = 30  # what Telegram documents for a bot
OVERALL_PER_SECOND = 25.0  # what we ask for; the rest is room for what we do not see
CHAT_SECONDS, CHAT_BURST = 1.0, 3
GROUP_SECONDS, GROUP_BURST = 60 / 18, 2  # 20 a minute documented
STORM_CHATS = 3  # 429 in that many chats within STORM_SECONDS holds the whole bot
STORM_SECONDS = 30.0
MEMORY_SECONDS = 600.0  # a chat refused again within it is believed less each time
LONGEST_HOLD_SECONDS = 900.0
LOST_SECONDS = 90.0  # a send that never ended (its process died) stops counting
SMOOTH_SECONDS = 0.1  # so much ahead of the even spacing, so that waking up late costs nothing
WINDOW_SECONDS = 1.0


@dataclass
class Limiter:
    """The limits of one bot on one platform.

    Sends leave evenly spaced, `per_second` of them, so that a reply never waits for the next second. And each counts
    from its start until one second after its end: whatever the network does to it, the platform saw it in between, so
    no second of the platform's ever holds more than it allows. Several processes share one by `dump` and `restore`.
    """

    per_second: float = OVERALL_PER_SECOND
    _flying: dict[int, float] = field(default_factory=dict)  # by letter, since when
    _ended: list[float] = field(default_factory=list)
    _pace: float = 0.0  # when the next send is due if they are spaced evenly
    _chats: dict[int, float] = field(default_factory=dict)  # when the chat's allowance is whole again
    _left_alone: dict[int, tuple[float, float]] = field(default_factory=dict)  # chats that refused: until, seconds
    _held: tuple[float, float] | None = None  # until when nobody is written to, and how long that was in all
    _refusals: list[tuple[float, int]] = field(default_factory=list)

    def pause(self, now: datetime) -> float:
        """Seconds until one more may be sent; 0 is now."""
        at = self._forget(now)
        waits = [0.0, self._pace - SMOOTH_SECONDS - at]
        if self._held is not None:
            waits.append(self._held[0] - at)
        over = len(self._flying) + len(self._ended) - PLATFORM_PER_SECOND
        if over >= 0:
            waits.append(self._ended[over] + WINDOW_SECONDS - at if over < len(self._ended) else WINDOW_SECONDS)
        return max(waits)

    def room(self, now: datetime) -> int:
        """How many may be sent at this moment."""
        if self.pause(now) > 0:
            return 0
        window = PLATFORM_PER_SECOND - len(self._flying) - len(self._ended)
        at = now.timestamp()
        return min(window, math.floor((at + SMOOTH_SECONDS - max(self._pace, at)) * self.per_second) + 1)

    def resting(self, now: datetime) -> set[int]:
        """Chats that have had their allowance for the moment."""
        at = self._forget(now)
        return {chat for chat, whole in self._chats.items() if whole - at > _tolerance(chat)} | self._left_alone.keys()

    def start(self, letter: int, now: datetime) -> None:
        """A letter leaves."""
        at = now.timestamp()
        self._flying[letter] = at
        self._pace = max(self._pace, at) + 1 / self.per_second

    def finish(self, letter: int, chat: int, now: datetime, *, counted: bool = True) -> None:
        """The platform has answered, or did not in time; not `counted`: it was never asked."""
        if self._flying.pop(letter, None) is None:
            return
        if not counted:
            self._pace -= 1 / self.per_second
            return
        at = now.timestamp()
        self._ended.append(at)
        self._chats[chat] = max(self._chats.get(chat, 0.0), at) + _spacing(chat)

    def refused(self, chat: int, retry_after: float, now: datetime) -> float:
        """Remember a 429; how many seconds the chat is to be left alone.

        A chat that refuses again although we waited is given twice the time. When several chats are refused at once
        it is the whole bot that must wait.
        """
        at = self._forget(now)
        before = sum(1 for _, refused in self._refusals if refused == chat)
        self._refusals.append((at, chat))
        if len({refused for when, refused in self._refusals if at - when < STORM_SECONDS}) >= STORM_CHATS:
            self.hold(retry_after, now)
        seconds: float = max(retry_after, min(retry_after * 2 ** min(before, 10), LONGEST_HOLD_SECONDS))
        self._left_alone[chat] = (at + seconds, seconds)
        return seconds

    def hold(self, seconds: float, now: datetime) -> None:
        """Let nobody be written to for so long."""
        until = now.timestamp() + seconds
        if self._held is None or self._held[0] < until:
            self._held = (until, seconds)

    def dump(self) -> dict[str, Any]:
        """Everything remembered, as JSON."""
        return {
            "flying": [[letter, since] for letter, since in self._flying.items()],
            "ended": self._ended,
            "pace": self._pace,
            "chats": [[chat, whole] for chat, whole in self._chats.items()],
            "left_alone": [[chat, *until] for chat, until in self._left_alone.items()],
            "held": self._held,
            "refusals": self._refusals,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what another process dumped."""
        self._flying = {int(letter): since for letter, since in state.get("flying", ())}
        self._ended = list(state.get("ended", ()))
        self._pace = state.get("pace", 0.0)
        self._chats = {int(chat): whole for chat, whole in state.get("chats", ())}
        self._left_alone = {int(chat): (until, seconds) for chat, until, seconds in state.get("left_alone", ())}
        held = state.get("held")
        self._held = (held[0], held[1]) if held else None
        self._refusals = [(at, chat) for at, chat in state.get("refusals", ())]

    def _forget(self, now: datetime) -> float:
        """Drop what is over, and what lies in the future because the clock was set back."""
        at = now.timestamp()
        self._ended = sorted(end for end in self._ended if -WINDOW_SECONDS <= at - end < WINDOW_SECONDS)
        self._flying = {one: since for one, since in self._flying.items() if abs(at - since) < LOST_SECONDS}
        self._chats = {
            chat: min(whole, at + _tolerance(chat) + _spacing(chat))
            for chat, whole in self._chats.items()
            if whole > at
        }
        self._refusals = [(when, chat) for when, chat in self._refusals if 0 <= at - when < MEMORY_SECONDS]
        self._left_alone = {
            chat: (min(until, at + seconds), seconds)
            for chat, (until, seconds) in self._left_alone.items()
            if until > at
        }
        self._pace = min(self._pace, at + WINDOW_SECONDS)
        if self._held is not None:
            until, seconds = self._held
            self._held = (min(until, at + seconds), seconds) if until > at else None
        return at


def _spacing(chat: int) -> float:
    return GROUP_SECONDS if chat < 0 else CHAT_SECONDS


def _tolerance(chat: int) -> float:
    """How far ahead of the even spacing a chat may run."""
    return ((GROUP_BURST if chat < 0 else CHAT_BURST) - 1) * _spacing(chat)
