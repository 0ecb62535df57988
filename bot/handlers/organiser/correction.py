"""Correcting and withdrawing a step that was recorded: always with a reason, always told to both sides."""

from __future__ import annotations

from datetime import date

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import EntryDeed, OfEntry
from bot.clock import Clock
from bot.days import day_in
from bot.deeds.correcting import redate_step, withdraw_step
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import said_below
from bot.reach import reach_of, subject_of
from bot.services import Services
from bot.views.organiser_step import show_changed
from bot.words import Words
from records.ledger import entries_of
from records.people import Person, accounts_of
from records.steps import standing_entry


class Correcting(StatesGroup):
    """What is being typed."""

    day = State()
    reason = State()


def router() -> Router:
    """Buttons below a recorded step, and what is typed after them."""
    router = Router(name="organiser.correction")
    typed = (F.text, ~F.text.startswith("/"), Has(*ORGANISERS))
    router.callback_query.register(on_entry, OfEntry.filter(), Has(*ORGANISERS))
    router.message.register(on_day, StateFilter(Correcting.day), *typed)
    router.message.register(on_reason, StateFilter(Correcting.reason), *typed)
    return router


async def on_entry(
    query: CallbackQuery, callback_data: OfEntry, state: FSMContext, services: Services, person: Person, _: Words
) -> None:
    """「更正日期」 asks for the right day, 「撤销登记」 for the reason."""
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), callback_data.person)
        standing_entry(await entries_of(reading, student.id), callback_data.entry)
    await state.update_data(entry={"person": student.id, "entry": callback_data.entry, "on": None})
    correct = callback_data.deed is EntryDeed.CORRECT
    await state.set_state(Correcting.day if correct else Correcting.reason)
    await said_below(query)(_("step.ask_right_day" if correct else "step.ask_void_reason", name=student.name))


async def on_day(message: Message, state: FSMContext, clock: Clock, _: Words) -> None:
    """The right day; then why it was wrong."""
    entry = (await state.get_data())["entry"]
    on = day_in(message.text or "", clock.today())
    await state.update_data(entry={**entry, "on": on.isoformat()})
    await state.set_state(Correcting.reason)
    await message.answer(_("step.ask_correct_reason", on=str(on)))


async def on_reason(
    message: Message, state: FSMContext, services: Services, session: AsyncSession, person: Person, _: Words
) -> None:
    """The reason: now it is done."""
    data = (await state.get_data())["entry"]
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), data["person"])
        entry = standing_entry(await entries_of(reading, student.id), data["entry"])
    reason = (message.text or "").strip()[:200]
    if data["on"]:
        on = date.fromisoformat(data["on"])
        recorded = await redate_step(services, session, student, entry.id, on, reason=reason, by=person)
    else:
        recorded = await withdraw_step(services, session, student, entry, reason=reason, by=person)
    await state.set_state(None)
    await state.update_data(entry=None)
    reached = bool(await accounts_of(session, student.id))
    key = "step.corrected" if data["on"] else "step.voided"
    await message.answer(**show_changed(student, recorded, key, _, reached=reached))
