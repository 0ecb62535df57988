"""「核验」: an organiser or the student's mentor confirms what the student entered themselves."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Verify
from bot.clock import Clock
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import said_below
from bot.letters.notice import notify
from bot.reach import OutOfReach, reach_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_verify import show_unverified
from bot.words import Words
from records.access import Looked, note_look
from records.growth import growth_of, unverified_of
from records.people import Person, PersonId, Role, person_by_id, students_of
from records.verification import verify_entry


def router() -> Router:
    """The button and the list behind it."""
    router = Router(name="organiser.verify")
    router.callback_query.register(on_verify, Verify.filter(), Has(*ORGANISERS, Role.MENTOR))
    return router


async def on_verify(
    query: CallbackQuery,
    callback_data: Verify,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """What waits to be confirmed of a student; with an entry, that it is confirmed, which the student is told."""
    async with services.database.read() as reading:
        student = await _accompanied(reading, person, callback_data.person, clock)
    done = None
    if callback_data.entry:
        done = await verify_entry(
            session, person=student.id, entry=callback_data.entry, by=person.id, today=clock.today(), now=turn.now
        )
        letter = await notify(
            session,
            student.id,
            "notice.verified",
            unique=f"verified:{done.id}",
            now=turn.now,
            values={"entry": done.id, "name": person.name},
        )
        turn.letters += [letter] if letter else []
    rows = await growth_of(session, [student.id])
    await note_look(session, person.id, [student.id], Looked.RECORD, now=turn.now)
    await said_below(query)(**show_unverified(student, unverified_of(rows), done, _))


async def _accompanied(session: AsyncSession, person: Person, wanted: int, clock: Clock) -> Person:
    """The student, if the sender organises their branch or accompanies them.

    Raises:
        OutOfReach: neither.
    """
    student = await person_by_id(session, PersonId(wanted))
    if student is not None and student.branch_id in (await reach_of(session, person)).ids:
        return student
    for one in await students_of(session, person.id, today=clock.today()):
        if one.id == wanted:
            return one
    raise OutOfReach
