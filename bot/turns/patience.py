"""Nobody keeps the house busy alone: who writes faster than anybody can is told once and then not listened to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, Update, User

from bot.turns.turn import Turn
from bot.words import Words

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
BURST = 30  # a class answering a quiz taps about once a second; a forwarded pile of files comes at once
PER_SECOND = 0.5
MAX_PEOPLE = 20_000


@dataclass
class _Credit:
    left: float
    at: datetime
    is_told: bool = False


class Patience(BaseMiddleware):
    """Counts updates a person; a pressed button is answered all the same, so that it does not hang."""

    def __init__(self) -> None:
        self._credits: dict[tuple[str, int], _Credit] = {}

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        turn: Turn = data["turn"]
        user: User | None = data.get("event_from_user")
        if user is None:
            return await handler(event, data)
        credit = self._credit((turn.channel, user.id), turn.now)
        if credit.left >= 1:
            credit.left -= 1
            return await handler(event, data)
        words: Words = data["_"]
        inner = event.event if isinstance(event, Update) else event
        if isinstance(inner, CallbackQuery):
            await inner.answer(words.plain("error.too_fast"))
        elif isinstance(inner, Message) and not credit.is_told:
            await inner.answer(words("error.too_fast"))
        credit.is_told = True
        return None

    def _credit(self, who: tuple[str, int], now: datetime) -> _Credit:
        credit = self._credits.get(who)
        if credit is None:
            if len(self._credits) >= MAX_PEOPLE:
                self._credits.clear()
            credit = self._credits[who] = _Credit(BURST, now)
        passed = max(0.0, (now - credit.at).total_seconds())
        credit.left, credit.at = min(BURST, credit.left + passed * PER_SECOND), now
        if credit.left > BURST / 2:
            credit.is_told = False
        return credit
