"""Presses of buttons: every one is answered, whatever its handler did, so that none hangs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.turns.replies import is_callback_answer
from bot.turns.turn import Turn
from storage.errors import WaymarkError


class PressOver(WaymarkError):
    """The button is old, of another dialogue, or forged: nothing is changed."""

    key = "lost.press"
    sentence = "This button no longer works; nothing was changed."


class Presses(BaseMiddleware):
    """Handlers answer a press only where there is something to tell; the little clock on the button stops anyway."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        result = await handler(event, data)
        turn: Turn = data["turn"]
        query = event.callback_query if isinstance(event, Update) else None
        if query is not None and not any(is_callback_answer(letter.payload) for letter in turn.letters):
            await query.answer()
            turn.letters.insert(0, turn.letters.pop())  # before what is said, which may take its time
        return result
