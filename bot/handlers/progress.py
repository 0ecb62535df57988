"""/progress: how far one has come, as a picture and in words."""

from __future__ import annotations

import asyncio

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, CallbackQuery, Message

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import InWords
from bot.clock import Clock
from bot.deeds.standing import standing_of
from bot.filters import Has
from bot.handlers.pressing import said_below
from bot.services import Services
from bot.views.picture import draw_progress
from bot.views.progress import (
    near_dates,
    progress_caption,
    progress_rows,
    progress_subtitle,
    progress_text,
    progress_title,
)
from bot.words import Words
from records.people import Person, Role


def router() -> Router:
    """A student's own progress."""
    router = Router(name="progress")
    router.message.register(on_progress, Command("progress"), Has(Role.STUDENT))
    router.callback_query.register(on_words, InWords.filter(), Has(Role.STUDENT))
    return router


async def on_progress(message: Message, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """Answer /progress with the picture; in words where no Chinese font is installed."""
    async with services.database.read() as session:
        standing = await standing_of(session, services, person.id, today=clock.today())
    foot = _.plain("progress.foot", today=str(standing.today))
    head = (progress_title(standing, _), progress_subtitle(standing, _))
    near = (_.plain("progress.dates"), near_dates(standing, _))
    drawn = await asyncio.to_thread(draw_progress, head, progress_rows(standing, _), near, foot)
    if drawn is None:
        await message.answer(progress_text(standing, _))
        return
    picture = BufferedInputFile(drawn, filename="progress.png")
    button = Button(_.plain("progress.words_button"), InWords())
    await message.answer_photo(picture, caption=progress_caption(standing, _), reply_markup=keyboard([[button]]))


async def on_words(query: CallbackQuery, services: Services, clock: Clock, person: Person, _: Words) -> None:
    """The same in words."""
    async with services.database.read() as session:
        standing = await standing_of(session, services, person.id, today=clock.today())
    await said_below(query)(progress_text(standing, _))
