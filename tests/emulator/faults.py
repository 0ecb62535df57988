"""What can go wrong between the bot and Telegram, on demand and reproducibly."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "too_many_requests",
    "server_error",  # 5xx, nothing happened
    "server_error_after_effect",  # 5xx although it happened
    "dropped",  # the connection closed without an answer, nothing happened
    "dropped_after_effect",  # the same although it happened
    "slow",
    "unauthorized",
]


@dataclass
class Fault:
    """One rule: which requests go wrong, how, and how often.

    Args:
        method: a Bot API method, or "download" for fetching a file; None for every method except getUpdates.
        chat_id: only requests to this chat.
        times: how many requests in all; None without end.
        skip: let so many matching requests pass first.
        probability: chance of each matching request, drawn from `seed`.
        retry_after: what a 429 states, in seconds.
        lasts: how long 429 is really kept up, in seconds. The same as `retry_after` is honest; 0 refuses the one
            request only; longer than `retry_after` is a liar.
        whole_bot: whether a kept-up 429 covers every chat.
        seconds: how long a slow answer takes (before its effect).
        code, html: the 5xx, as JSON like Telegram or as a gateway's HTML page.
    """

    kind: Kind
    method: str | None = None
    chat_id: int | None = None
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    retry_after: int = 1
    lasts: float = 0.0
    whole_bot: bool = False
    seconds: float = 0.0
    code: int = 502
    html: bool = False
    happened: int = 0
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def strikes(self, method: str, chat_id: int | str | None) -> bool:
        """Whether this request goes wrong; counts it if so."""
        if self.method is None:
            if method in ("getUpdates", "download"):
                return False
        elif self.method.lower() != method.lower():
            return False
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        if self.times is not None and self.happened >= self.times:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and self._chance.random() >= self.probability:
            return False
        self.happened += 1
        return True


class Faults:
    """The rules in force, and the patience that a 429 asked for."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._refused_until: dict[int | None, tuple[float, int]] = {}  # enforced; None is the whole bot
        self._asked_until: dict[int | None, float] = {}  # what was stated

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Everything works again, at once."""
        with self._lock:
            self._rules.clear()
            self._refused_until.clear()
            self._asked_until.clear()

    def striking(self, method: str, chat_id: int | str | None) -> tuple[float, Fault | None]:
        """Seconds to be slow, and the fault that ends this request if any."""
        delay = 0.0
        with self._lock:
            for fault in self._rules:
                if fault.strikes(method, chat_id):
                    if fault.kind != "slow":
                        return delay, fault
                    delay += fault.seconds
        return delay, None

    def refuse(self, chat_id: int | None, retry_after: int, lasts: float, *, whole_bot: bool, now: float) -> None:
        """Remember that patience was asked for, so that impatience is seen."""
        key = None if whole_bot else chat_id
        with self._lock:
            self._asked_until[key] = now + retry_after
            if lasts > 0:
                self._refused_until[key] = (now + lasts, retry_after)

    def still_refused(self, chat_id: int | None, now: float) -> int:
        """The retry_after to state again while a kept-up 429 lasts, else 0."""
        with self._lock:
            for key in (None, chat_id):
                until, stated = self._refused_until.get(key, (0.0, 0))
                if now < until:
                    return max(1, min(stated, round(until - now + 0.5)))
        return 0

    def is_impatient(self, chat_id: int | None, now: float) -> bool:
        """Whether the bot was told to wait longer than it did."""
        with self._lock:
            return any(now < self._asked_until.get(key, 0.0) for key in (None, chat_id))
