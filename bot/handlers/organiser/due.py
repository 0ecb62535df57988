"""/due: what is due and who is holding it; 「提醒」 tells them, 「登记」 goes on to recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Analysed, Due, MentorSays, Nudge, StepOf
from bot.clock import Clock
from bot.commands import STAFF
from bot.deeds.analysing import analysed, analysis_due
from bot.deeds.appointing import asked_by, talks_now
from bot.deeds.outstanding import Outstanding, nudge_for, outstanding
from bot.deeds.standing import Standing, standing_of
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed
from bot.letters.notice import notify
from bot.reach import OutOfReach, people_within, reach_of, students_among, subject_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_due import page_of, show_due, show_mentor_due, show_too_many
from bot.words import Words
from records.access import Looked, note_look
from records.growth import growth_of, unverified_of
from records.people import Person, PersonId, organisers_of, students_of
from records.talks import Talk

MOST_PEOPLE = 3000  # dates are computed at once for so many; beyond, a branch is chosen first


def router() -> Router:
    """What is due, for organisers and mentors."""
    router = Router(name="organiser.due")
    router.message.register(on_due, Command("due"), Has(*STAFF))
    router.callback_query.register(on_page, Due.filter(), Has(*STAFF))
    router.callback_query.register(on_nudge, Nudge.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_analysed, Analysed.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_mentor_says, MentorSays.filter(), Has(*STAFF))
    return router


async def on_due(
    message: Message,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Answer /due with the first page."""
    await state.set_state(None)
    await message.answer(**await _page(services, session, turn, person, 0, 0, _))


async def on_page(
    query: CallbackQuery,
    callback_data: Due,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Another page, or another branch."""
    shown = await _page(services, session, turn, person, callback_data.branch, max(callback_data.page, 0), _)
    await changed(query)(**shown)


async def on_nudge(
    query: CallbackQuery,
    callback_data: Nudge,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """「提醒」: whoever holds it is told, once a day."""
    async with services.database.read() as reading:
        student = await subject_of(reading, await reach_of(reading, person), callback_data.person)
        due = await outstanding(reading, services, [student], today=clock.today())
        wanted = (callback_data.rule, callback_data.kind)
        found = next((one for one in due if (one.deadline.rule, one.deadline.kind) == wanted), None)
        told = await nudge_for(reading, services, student, found.deadline.actor, person) if found else []
    if found is None:
        await query.answer(_.plain("due.over"), show_alert=True)
        return
    own = [letter for one in told if (letter := await _nudge(session, turn, clock, student, PersonId(one), found))]
    turn.letters += own
    key = "due.nudged" if own else "due.nobody_reached" if told else "due.yours"
    await query.answer(_.plain(key, count=len(own)), show_alert=not own)


async def on_analysed(
    query: CallbackQuery, services: Services, session: AsyncSession, person: Person, _: Words
) -> None:
    """「已分析」: nobody of the presser's committees is reminded of it again this year; it is on nobody's record."""
    made = await analysed(services, session, person.id)
    text = _.plain("reminder.analysed", year=services.clock.today().year) if made else _.plain("due.over")
    await query.answer(text, show_alert=True)


async def on_mentor_says(
    query: CallbackQuery,
    callback_data: MentorSays,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """A mentor says that it was done: the organisers are asked to record it; nothing is recorded by this."""
    async with services.database.read() as reading:
        mine = await students_of(reading, person.id, today=clock.today())
        student = next((one for one in mine if one.id == callback_data.person), None)
        if student is None or callback_data.step not in services.track.by_id:
            raise OutOfReach
        organisers = await organisers_of(reading, student.branch_id)
    values = {"mentor": person.name, "name": student.name, "step": f"@step.{callback_data.step}"}
    press = StepOf(person=student.id, step=callback_data.step).pack()
    for organiser in organisers:
        letter = await notify(
            session,
            organiser.id,
            "notice.mentor_says",
            unique=f"mentor:{student.id}:{callback_data.step}:{clock.today()}",
            now=turn.now,
            values=values,
            buttons=[("due.record_button", press)],
        )
        turn.letters += [letter] if letter else []
    await query.answer(_.plain("due.passed_on"), show_alert=True)


async def _page(
    services: Services, session: AsyncSession, turn: Turn, person: Person, branch: int, page: int, _: Words
) -> dict[str, Any]:
    today = services.clock.today()
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        if not reach.branches:
            students = await students_of(reading, person.id, today=today)
        else:
            students = students_among(await people_within(reading, reach, branch or None))
            if len(students) > MOST_PEOPLE:
                return show_too_many(reach, _)
        found = await outstanding(reading, services, students, today=today)
        waiting = [] if reach.branches else await _waiting(reading, students)
        mine = await _accompanied(services, reading, students) if not reach.branches and page == 0 else []
        talks = await _talks(services, reading, page_of(found, page)) if reach.branches else {}
        asked = await asked_by(services, reading, students) if reach.branches and page == 0 else []
        analysis = await analysis_due(services, reading, person.id) if page == 0 and not branch else None
    looked = [
        *(one.student.id for one in asked),
        *(one.id for one, _standing in mine),
        *(one.person.id for one in page_of(found, page)),
    ]
    seen = list(dict.fromkeys(looked))
    await note_look(session, person.id, seen, Looked.DATES, now=turn.now)
    if not reach.branches:
        return show_mentor_due(found, mine, waiting, page, today, _)
    return show_due(found, asked, analysis, talks, reach, branch, page, today, _)


async def _accompanied(
    services: Services, session: AsyncSession, students: Sequence[Person]
) -> list[tuple[Person, Standing]]:
    """Where each of them stands."""
    today = services.clock.today()
    return [(one, await standing_of(session, services, one.id, today=today)) for one in students]


async def _waiting(session: AsyncSession, students: Sequence[Person]) -> list[tuple[Person, int]]:
    """Who of them entered something that waits to be verified, and how much."""
    counts = Counter(row.person for row in unverified_of(await growth_of(session, [one.id for one in students])))
    return [(one, counts[one.id]) for one in students if counts[one.id]]


async def _talks(
    services: Services, session: AsyncSession, shown: Sequence[Outstanding]
) -> dict[PersonId, Sequence[Talk]]:
    """How the days of the talks on the page stand."""
    talks = {step.id for step in services.track.talks}
    people = {one.person.id for one in shown if one.deadline.step in talks}
    return {person: await talks_now(services, session, person) for person in sorted(people)}


async def _nudge(
    session: AsyncSession, turn: Turn, clock: Clock, student: Person, recipient: PersonId, one: Outstanding
) -> Any:
    deadline = one.deadline
    own = recipient == student.id
    return await notify(
        session,
        recipient,
        "notice.nudge_student" if own else "notice.nudge_other",
        unique=f"nudge:{student.id}:{deadline.rule}:{deadline.occurrence}:{clock.today()}",
        now=turn.now,
    )
