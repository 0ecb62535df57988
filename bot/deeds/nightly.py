"""The night: the reminders of every student brought up to the new day, without keeping anybody waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import Levels, levels_of, recipients, reminder_settings, settle_anew
from bot.pace import Pace
from bot.services import Services
from records.cohort import facts_of_people, mentors_of_people, students_after
from records.facts import Fact
from records.people import PersonId, person_by_id
from records.rules import deadlines
from scheduler.deadlines import Standing, coming_reminders, in_line, reminders_for

PAGE = 10  # people whose dates are read together, which takes some milliseconds


@dataclass(frozen=True)
class _Page:
    """Some students with all that their reminders follow from."""

    branches: Mapping[PersonId, int]
    facts: Mapping[PersonId, Sequence[Fact]]
    mentors: Mapping[PersonId, Sequence[PersonId]]
    coming: Mapping[int, Sequence[Standing]]


async def settle_everybody(services: Services, pace: Pace | None = None) -> int:
    """Bring the reminders of every student up to this day: overdue dates are reminded of week after week.

    Most have nothing to change, which is found out by reading only. Each of the others has a transaction of their own,
    which looks again at what stands by then, so that nobody waits for the whole school. Returns how many reminders
    changed.
    """
    levels: dict[int, Levels] = {}
    changed, last, pace = 0, 0, pace or Pace()
    while True:
        async with services.database.read() as session:
            page = await _page_after(services, session, last)
            for branch in set(page.branches.values()) - levels.keys():
                levels[branch] = await levels_of(session, branch)
        if not page.branches:
            return changed
        await pace.keep()
        for person, branch in page.branches.items():
            if not _is_settled(services, page, person, levels[branch], services.clock.now()):
                changed += await _settle_one(services, person)
            await pace.keep()
        last = max(page.branches)


async def _page_after(services: Services, session: AsyncSession, person: int) -> _Page:
    students = dict(await students_after(session, person, limit=PAGE))
    return _Page(
        branches=students,
        facts=await facts_of_people(session, students),
        mentors=await mentors_of_people(session, students, today=services.clock.today()),
        coming=await coming_reminders(session, list(students)),
    )


def _is_settled(services: Services, page: _Page, person: PersonId, levels: Levels, now: datetime) -> bool:
    """Whether somebody's reminders are what their dates ask for."""
    settings = reminder_settings(services)
    today = now.astimezone(settings.zone).date()
    dates = deadlines(
        services.track, page.facts[person], today=today, calendar=services.calendar, readings=services.readings
    )
    told = recipients(levels, page.mentors.get(person, ()))
    wanted = reminders_for(person, dates, told, today=today, settings=settings)
    return in_line(page.coming.get(person, ()), wanted, now)


async def _settle_one(services: Services, person: PersonId) -> int:
    async with services.database.write() as session:
        student = await person_by_id(session, person)
        return 0 if student is None else await settle_anew(services, session, student)
