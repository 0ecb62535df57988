"""「改期」 from the organisers' side: below a line of /due, on a card, or below a letter."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import TalkOf
from bot.buttons.student import TalkAct
from bot.deeds.appointing import Speaker
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.handlers.talks import Appointing, pressed, typed_day
from bot.reach import reach_of, subject_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.words import Words
from records.access import Looked, note_look
from records.people import Person
from records.talks import Side


def router() -> Router:
    """Who may record a talk may agree on its day."""
    router = Router(name="organiser.talk")
    router.callback_query.register(on_press, TalkOf.filter(), Has(*ORGANISERS))
    typed = (F.text, ~F.text.startswith("/"), Has(*ORGANISERS))
    router.message.register(on_day, StateFilter(Appointing.students, Appointing.students_offered), *typed)
    return router


async def on_press(
    query: CallbackQuery,
    callback_data: TalkOf,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """A button about a student's talk."""
    press = callback_data
    speaker = await _speaker(services, person, press.person)
    shown = await pressed(speaker, press.act, press.step, press.value, state, services, session, _)
    await note_look(session, person.id, [speaker.student.id], Looked.DATES, now=turn.now)
    say = said_below if press.act is TalkAct.SHOW else changed
    await say(query)(**shown)


async def on_day(message: Message, state: FSMContext, services: Services, person: Person, _: Words) -> None:
    """A day that was typed."""
    speaker = await _speaker(services, person, (await state.get_data())["talk"]["person"])
    await message.answer(**await typed_day(speaker, message.text or "", state, services, _))


async def _speaker(services: Services, person: Person, student: int) -> Speaker:
    async with services.database.read() as reading:
        subject = await subject_of(reading, await reach_of(reading, person), student)
    return Speaker(subject, person, Side.ORGANISER)
