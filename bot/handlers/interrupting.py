"""A command ends whatever dialogue was under way, so that the next plain text is a question again."""

from __future__ import annotations

from typing import NoReturn

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from bot.filters import Joined


def router() -> Router:
    """The first router that people who joined meet."""
    router = Router(name="interrupting")
    router.message.register(on_command, F.text.startswith("/"), Joined())
    return router


async def on_command(message: Message, state: FSMContext) -> NoReturn:
    """Leave the dialogue and let the command's own handler answer."""
    if await state.get_state() is not None:
        await state.set_state(None)
    raise SkipHandler
