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

from bot.buttons.student import ReportPress
from bot.clock import Clock
from bot.deeds.recording import record_step
from bot.dialogue_words import ends_dialogue, is_question
from bot.filters import Has
from bot.handlers.pressing import changed
from bot.services import Services
from bot.turns.presses import PressOver
from bot.views.reports import show_ask_title, show_days, show_no_title
from bot.words import Words
from records.fields import read_date
from records.people import Person, Role
from records.steps import StepRequest
from storage.errors import WaymarkError

REPORT = "thought_report"
LONGEST_TITLE = 60
DAYS_OFFERED = 4
_LETTER = re.compile(r"[^\W\d_]")
_DAY = re.compile(r"[\d\s年月日号./\-]+")


class ReportDayUnreadable(WaymarkError):
    """A day that cannot be read."""

    key = "error.report_day"
    sentence = "{value} is not a date. Write it like 2026-11-22."


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
    message: Message, state: FSMContext, session: AsyncSession, services: Services, person: Person, _: Words
) -> None:
    """A day that was typed."""
    day = read_date((message.text or "").strip())
    if day is None:
        raise ReportDayUnreadable(value=(message.text or "").strip()[:20])
    await message.answer(await _record(state, session, services, person, day, _))


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
        await changed(query)(await _record(state, session, services, person, callback_data.on, _))


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
) -> str:
    title = (await state.get_data()).get("report", "")
    request = StepRequest(person.id, REPORT, day, {"title": title}, recorded_by=person.id)
    recorded = await record_step(services, session, request)
    await _leave(state)
    return _("report.recorded", title=title, day=str(day), entry=recorded.entry.id)


async def _leave(state: FSMContext) -> None:
    await state.set_state(None)
    await state.update_data(report=None)
