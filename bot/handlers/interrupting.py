"""A command, or a word such as 取消, ends whatever dialogue was under way: the next plain text is a question again."""

from __future__ import annotations

from typing import NoReturn

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from bot.dialogue_words import ends_dialogue
from bot.filters import Joined
from bot.words import Words


def router() -> Router:
    """The first router that people who joined meet."""
    router = Router(name="interrupting")
    router.message.register(on_command, F.text.startswith("/"), Joined())
    router.message.register(on_ending, ~StateFilter(None), F.text, F.text.func(ends_dialogue), Joined())
    return router


async def on_command(message: Message, state: FSMContext) -> NoReturn:
    """Leave the dialogue and let the command's own handler answer."""
    if await state.get_state() is not None:
        await state.set_state(None)
    raise SkipHandler


async def on_ending(message: Message, state: FSMContext, _: Words) -> None:
    """Leave the dialogue; nothing else was wanted, and the buttons of a step that was not recorded are over."""
    await state.set_state(None)
    await state.update_data(step=None)
    await message.answer(_("lost.dialogue_ended"))
