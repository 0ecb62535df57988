"""A letter about the day of a talk: the other side asks for an answer, or has given one."""

from __future__ import annotations

from aiogram.methods import SendMessage

from bot.deeds.appointing import Speaker, talks_now
from bot.letters.reader import reader_of
from bot.reach import reach_of
from bot.services import Services
from bot.turns.carrier import Composed, Dropped, Postponed
from bot.views.talks import show_letter
from records.people import PersonId, person_by_id
from records.talks import Side
from scheduler.outbox import Letter


async def write(services: Services, letter: Letter) -> Composed:
    """How things stand when it is sent; dropped when the talk was held or the question answered meanwhile."""
    reader = await reader_of(services, letter)
    if isinstance(reader, Dropped | Postponed):
        return reader
    payload, today = letter.payload, services.clock.today()
    async with services.database.read() as session:
        student = await person_by_id(session, PersonId(payload["student"]))
        if student is None:
            return Dropped("left")
        own = student.id == reader.person.id
        if not own and student.branch_id not in (await reach_of(session, reader.person)).ids:
            return Dropped("no longer theirs")
        talks = await talks_now(services, session, student.id)
    talk = next((one for one in talks if one.step.id == payload["step"]), None)
    if talk is None:
        return Dropped("held meanwhile")
    waiting = talk.waiting(today)
    if payload["asks"] and (waiting is None or waiting.entry != payload["proposal"]):
        return Dropped("answered meanwhile")
    speaker = Speaker(student, reader.person, Side.STUDENT if own else Side.ORGANISER)
    shown = show_letter(talk, speaker, services.calendar, today, reader.words, asks=payload["asks"])
    return SendMessage(chat_id=letter.chat_id, **shown)
