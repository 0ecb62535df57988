"""/export: participation records of a person or a branch as a file; whoever is in it can see that it was made."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import NOTHING, Exporting
from bot.clock import Clock
from bot.days import day_in
from bot.deeds.exporting import FORMATS, Exported, export_of
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, shown_file
from bot.reach import Reach, named_person, people_within, reach_of, students_among, subject_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_export import caption_of, show_choice
from bot.words import Words
from records.access import Looked, note_look
from records.people import Person


def router() -> Router:
    """Exports."""
    router = Router(name="organiser.export")
    router.message.register(on_export, Command("export"), Has(*ORGANISERS))
    router.callback_query.register(on_press, Exporting.filter(), Has(*ORGANISERS))
    return router


async def on_export(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Answer /export with what can be chosen; /export FORMAT [WHO OR BRANCH] [SINCE] makes the file at once."""
    await state.set_state(None)
    words = (command.args or "").split()
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        if not words or words[0].lower() not in FORMATS:
            subject = await named_person(reading, reach, " ".join(words)) if words else None
            chosen = Exporting(person=subject.id if subject else 0)
            await message.answer(**show_choice(chosen, reach, subject, clock.today(), _))
            return
        since = day_in(words[2], clock.today()) if len(words) > 2 else None
        branch = reach.named(words[1]) if len(words) > 1 else None
        if len(words) > 1 and branch is None:
            people = [await named_person(reading, reach, words[1])]
        else:
            people = students_among(await people_within(reading, reach, branch.id if branch else None))
        made = await export_of(reading, services, people, words[0].lower(), since=since, words=_)
    await note_look(session, person.id, [one.id for one in people], Looked.EXPORT, now=turn.now)
    await message.answer_document(
        BufferedInputFile(made.content, filename=made.name), caption=caption_of(made, people, _)
    )


async def on_press(
    query: CallbackQuery,
    callback_data: Exporting,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """Another choice, or (with a format) the file."""
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        people, subject = await _people(reading, reach, callback_data)
        made: Exported | None = None
        if callback_data.form in FORMATS:
            since = _since(callback_data.since)
            made = await export_of(reading, services, people, callback_data.form, since=since, words=_)
    if made is None:
        await changed(query)(**show_choice(callback_data, reach, subject, clock.today(), _))
        return
    await note_look(session, person.id, [one.id for one in people], Looked.EXPORT, now=turn.now)
    file = BufferedInputFile(made.content, filename=made.name)
    await shown_file(query)(file, caption=caption_of(made, people, _))


async def _people(reading: AsyncSession, reach: Reach, chosen: Exporting) -> tuple[list[Person], Any]:
    if chosen.person:
        subject = await subject_of(reading, reach, chosen.person)
        return [subject], subject
    return students_among(await people_within(reading, reach, chosen.branch or None)), None


def _since(written: str) -> date | None:
    if written == NOTHING:
        return None
    return day_in(written, date.min)
