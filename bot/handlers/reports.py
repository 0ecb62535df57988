"""/report: a thought report that was handed in on paper, by its title and day. Its text stays the student's."""

from __future__ import annotations

import re
from datetime import date, timedelta

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import ReportPress, TakeBack
from bot.clock import Clock
from bot.days import day_in
from bot.deeds.reporting import record_report, take_back_report
from bot.dialogue_words import ends_dialogue, is_question
from bot.filters import Has
from bot.handlers.pressing import changed
from bot.services import Services
from bot.turns.presses import PressOver
from bot.views.reports import show_ask_title, show_days, show_no_title, show_recorded, show_taken_back
from bot.views.text import Shown
from bot.words import Words
from records.people import Person, Role

LONGEST_TITLE = 60
DAYS_OFFERED = 4
_LETTER = re.compile(r"[^\W\d_]")
_DAY = re.compile(r"[\d\s年月日号./\-]+")


class Reporting(StatesGroup):
    """After /report."""

    title = State()
    day = State()


def router() -> Router:
    """A student's own reports."""
    router = Router(name="reports")
    router.message.register(on_report, Command("report"), Has(Role.STUDENT))
    typed = (F.text, ~F.text.startswith("/"), Has(Role.STUDENT))
    router.message.register(on_title, Reporting.title, *typed)
    router.message.register(on_day, Reporting.day, *typed)
    router.callback_query.register(on_press, ReportPress.filter(), Has(Role.STUDENT))
    router.callback_query.register(on_take_back, TakeBack.filter(), Has(Role.STUDENT))
    return router


async def on_report(message: Message, command: CommandObject, state: FSMContext, clock: Clock, _: Words) -> None:
    """Ask for the title, or take /report TITLE."""
    if command.args:
        await _ask_day(message, command.args, state, clock, _)
    else:
        await state.set_state(Reporting.title)
        await message.answer(**show_ask_title(_))


async def on_title(message: Message, state: FSMContext, clock: Clock, _: Words) -> None:
    """The title; a text that is too long for one is the report itself, which is not wanted here."""
    await _ask_day(message, message.text or "", state, clock, _)


async def on_day(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    services: Services,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """A day that was typed."""
    day = day_in(message.text or "", clock.today())
    await message.answer(**await _record(state, session, services, person, day, _))


async def on_press(
    query: CallbackQuery,
    callback_data: ReportPress,
    state: FSMContext,
    session: AsyncSession,
    services: Services,
    person: Person,
    _: Words,
) -> None:
    """One of the days offered, or no report after all."""
    at = await state.get_state()
    if at not in (Reporting.title.state, Reporting.day.state) or (callback_data.on and at == Reporting.title.state):
        raise PressOver
    if callback_data.on is None:
        await _leave(state)
        await changed(query)(_("report.cancelled"))
    else:
        await changed(query)(**await _record(state, session, services, person, callback_data.on, _))


async def on_take_back(
    query: CallbackQuery, callback_data: TakeBack, session: AsyncSession, services: Services, person: Person, _: Words
) -> None:
    """「登记错了，撤回」: the entry no longer stands, and what was due is due again."""
    reason = _.plain("report.slip")
    report, recorded = await take_back_report(services, session, person, callback_data.entry, reason=reason)
    await changed(query)(**show_taken_back(report, recorded, _))


async def _ask_day(message: Message, text: str, state: FSMContext, clock: Clock, _: Words) -> None:
    title = " ".join(text.split())
    wrong = _no_title(title)
    if wrong:
        await state.set_state(Reporting.title)
        await message.answer(**show_no_title(wrong, title, LONGEST_TITLE, _))
        return
    await state.set_state(Reporting.day)
    await state.update_data(report=title)
    days = [clock.today() - timedelta(days=number) for number in range(DAYS_OFFERED)]
    await message.answer(**show_days(title, days, _))


def _no_title(text: str) -> str:
    """What a text is that is no title of a report; "" where it may be one."""
    if len(text) > LONGEST_TITLE:
        return "too_long"
    if not _LETTER.search(text) or _DAY.fullmatch(text) or ends_dialogue(text):
        return "no_title"
    return "question" if is_question(text) else ""


async def _record(
    state: FSMContext, session: AsyncSession, services: Services, person: Person, day: date, _: Words
) -> Shown:
    title = (await state.get_data()).get("report", "")
    report = await record_report(services, session, person, title, day)
    await _leave(state)
    return show_recorded(report, _)


async def _leave(state: FSMContext) -> None:
    await state.set_state(None)
    await state.update_data(report=None)
