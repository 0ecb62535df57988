"""「改期」: a day for a talk, proposed by one side and answered by the other. Here the student's side."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import TalkAct, TalkPress
from bot.day_words import day_said
from bot.days import NoDay
from bot.deeds.appointing import Speaker, answer_day, propose_day, talks_now
from bot.filters import Has
from bot.handlers.pressing import changed, said_below
from bot.services import Services
from bot.views.talks import show_chosen, show_talk, show_write
from bot.words import Words
from records.dates import iso_date
from records.people import Person, Role
from records.talks import Side, check_day, check_may_propose, talk_named


class Appointing(StatesGroup):
    """A day is being typed, by a student or by an organiser; `…offered`: days are shown, and one may be typed too."""

    own = State()
    students = State()
    own_offered = State()
    students_offered = State()


def router() -> Router:
    """The buttons below /dates, and a day typed after them."""
    router = Router(name="talks")
    router.callback_query.register(on_press, TalkPress.filter(), Has(Role.STUDENT))
    typed = (F.text, ~F.text.startswith("/"), Has(Role.STUDENT))
    router.message.register(on_day, StateFilter(Appointing.own, Appointing.own_offered), *typed)
    return router


async def on_press(
    query: CallbackQuery,
    callback_data: TalkPress,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    person: Person,
    _: Words,
) -> None:
    """A button about one's own talk."""
    speaker = Speaker(person, person, Side.STUDENT)
    shown = await pressed(
        speaker, callback_data.act, callback_data.step, callback_data.value, state, services, session, _
    )
    say = said_below if callback_data.act is TalkAct.SHOW else changed  # a list stays, a talk's own message changes
    await say(query)(**shown)


async def on_day(message: Message, state: FSMContext, services: Services, person: Person, _: Words) -> None:
    """A day that was typed."""
    speaker = Speaker(person, person, Side.STUDENT)
    await message.answer(**await typed_day(speaker, message.text or "", state, services, _))


async def pressed(
    speaker: Speaker,
    act: TalkAct,
    step: str,
    value: int,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    _: Words,
) -> dict[str, Any]:
    """What a press of either side does. Returns what is shown then."""
    speaker.check()
    today = services.clock.today()
    await state.set_state(None)
    if act is TalkAct.PROPOSE:
        talk = await propose_day(services, session, speaker, step, _day_of(value))
    elif act in (TalkAct.AGREE, TalkAct.DECLINE):
        talk = await answer_day(services, session, speaker, value, agreed=act is TalkAct.AGREE)
    else:
        async with services.database.read() as reading:
            talk = talk_named(await talks_now(services, reading, speaker.student.id), step)
        if act is TalkAct.CHOOSE:
            day = _day_of(value)
            check_day(talk, speaker.side, day, today=today)
            await _listen(state, speaker, step, only_days=False)
            return show_chosen(talk, speaker, day, _)
        if act is TalkAct.WRITE:
            check_may_propose(talk, speaker.side, today=today)
            await _listen(state, speaker, step, only_days=True)
            return show_write(talk, speaker, today, _)
        if talk.waiting(today) is None and talk.proposed_by(speaker.side) is None:
            await _listen(state, speaker, step, only_days=False)
    return show_talk(talk, speaker, services.calendar, today, _)


async def _listen(state: FSMContext, speaker: Speaker, step: str, *, only_days: bool) -> None:
    """Take the next text for the day; what is none is a question again, unless a day was asked for."""
    own = speaker.side is Side.STUDENT
    asked, offered = (
        (Appointing.own, Appointing.own_offered) if own else (Appointing.students, Appointing.students_offered)
    )
    await state.set_state(asked if only_days else offered)
    await state.update_data(talk={"person": speaker.student.id, "step": step})


async def typed_day(speaker: Speaker, text: str, state: FSMContext, services: Services, _: Words) -> dict[str, Any]:
    """The day as it was understood, to be proposed by a press.

    Raises:
        NoDay, TalkOver, TalkWaits, TalkProposed, TalkDayWrong, TalkDayStands.
        SkipHandler: it is no day, and none was asked for.
    """
    today, typed = services.clock.today(), " ".join(text.split())
    said = day_said(typed, today)
    if said is None or said.said != typed:
        if await state.get_state() in (Appointing.own_offered, Appointing.students_offered):
            raise SkipHandler
        raise NoDay(value=typed[:40])
    if said.day is None:
        raise NoDay(value=typed[:40])
    step = (await state.get_data())["talk"]["step"]
    async with services.database.read() as reading:
        talk = talk_named(await talks_now(services, reading, speaker.student.id), step)
    check_day(talk, speaker.side, said.day, today=today)
    await _listen(state, speaker, step, only_days=False)
    return show_chosen(talk, speaker, said.day, _)


def _day_of(value: int) -> date:
    """The day of a press, 20261202.

    Raises:
        NoDay: a forged number.
    """
    digits = f"{value:08d}"
    day = iso_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    if day is None:
        raise NoDay(value=digits[:40])
    return day
