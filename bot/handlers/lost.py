"""What nobody else took: a stranger, a command that is not theirs, an old button, something we cannot read."""

from __future__ import annotations

from typing import NoReturn

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.filters import ORGANISERS, Has, Joined
from bot.turns.presses import PressOver
from bot.words import Words
from records.people import Person


def router() -> Router:
    """The last router: it answers everything, so that nobody is met with silence."""
    router = Router(name="lost")
    router.message.register(on_picture, F.photo, Has(*ORGANISERS))
    router.message.register(on_file, F.photo | F.document, Joined(), ~Has(*ORGANISERS))
    router.message.register(on_message)
    router.callback_query.register(on_press)
    return router


async def on_picture(message: Message, _: Words) -> None:
    """Tell who uploads what can be read."""
    await message.answer(_("lost.picture"))


async def on_file(message: Message, _: Words) -> None:
    """Tell who uploads nothing where files belong."""
    await message.answer(_("lost.file"))


async def on_message(message: Message, person: Person | None, _: Words) -> None:
    """Tell a stranger how to join, and a person what they can do."""
    if person is None:
        await message.answer(_("join.ask_code"))
    elif (message.text or "").startswith("/"):
        await message.answer(_("lost.command"))
    else:
        await message.answer(_("lost.message"))


async def on_press(query: CallbackQuery) -> NoReturn:
    """A button that is old, foreign or forged changes nothing."""
    raise PressOver
