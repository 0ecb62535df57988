"""/mydata: a copy of everything, and leaving; /privacy: what is recorded and who sees it."""

from __future__ import annotations

import asyncio

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import MyData, MyDataPress
from bot.filters import Joined
from bot.handlers.pressing import asked_no_more, changed, said_below, shown_file
from bot.keepers import KEEPERS
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.copies import copy_as_json, copy_as_workbook
from bot.views.privacy import show_leaving, show_my_data, show_privacy
from bot.words import Words
from records.consent import consents_of
from records.people import Person
from records.privacy import everything_about, withdraw


def router() -> Router:
    """For everybody who joined."""
    router = Router(name="mydata")
    router.message.register(on_privacy, Command("privacy"), Joined())
    router.message.register(on_my_data, Command("mydata"), Joined())
    router.callback_query.register(on_press, MyDataPress.filter(), Joined())
    return router


async def on_privacy(message: Message, services: Services, person: Person, _: Words) -> None:
    """Answer /privacy with the notice and the day on which it was agreed to."""
    async with services.database.read() as session:
        consents = await consents_of(session, person.id)
    await message.answer(**show_privacy(consents, _, rephrased=services.rephraser is not None))


async def on_my_data(message: Message, _: Words) -> None:
    """Answer /mydata with what can be done."""
    await message.answer(**show_my_data(_))


async def on_press(
    query: CallbackQuery,
    callback_data: MyDataPress,
    state: FSMContext,
    session: AsyncSession,
    services: Services,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """A copy, or leaving, which takes two presses."""
    match callback_data.act:
        case MyData.JSON | MyData.SHEET:
            await shown_file(query)(await _copy(callback_data.act, services, person, _), caption=_("mydata.copy"))
        case MyData.WITHDRAW:
            await changed(query)(**show_leaving(_))
        case MyData.STAY:
            await changed(query)(_("mydata.stayed"))
        case MyData.WITHDRAW_REALLY:
            await withdraw(session, person.id, now=turn.now, keepers=KEEPERS)
            await state.clear()
            await asked_no_more(query)
            await said_below(query)(_("mydata.left"))


async def _copy(act: MyData, services: Services, person: Person, _: Words) -> BufferedInputFile:
    async with services.database.read() as session:
        everything = await everything_about(session, person.id, keepers=KEEPERS)
    if act is MyData.JSON:
        return BufferedInputFile(copy_as_json(everything), filename=_.plain("mydata.json_name"))
    content = await asyncio.to_thread(copy_as_workbook, everything, _)
    return BufferedInputFile(content, filename=_.plain("mydata.sheet_name"))
