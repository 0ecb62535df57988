"""Reminding the organisers of a committee of its yearly analysis, in the one letter that they get a day anyway."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.outstanding import urgency_of
from bot.deeds.recording import reminder_settings
from bot.services import Services
from records.analysis import analysis_of, note_analysed, who_analyses
from records.deadline import Deadline
from records.people import PersonId
from scheduler.deadlines import drop_analysis, refresh_analysis


@dataclass(frozen=True)
class Analysis:
    """This year's analysis, and the committees of somebody that are still to make it."""

    deadline: Deadline
    committees: tuple[int, ...]


async def analysis_due(services: Services, session: AsyncSession, person: PersonId) -> Analysis | None:
    """What `/due` says of it: in the week before its day, as of every other date."""
    today = services.clock.today()
    deadline = analysis_of(services.track, today)
    if urgency_of(deadline, today) is None:
        return None
    committees = (await who_analyses(session, today=today)).get(person)
    return Analysis(deadline, tuple(committees)) if committees else None


async def settle_analysis(services: Services) -> int:
    """Bring the reminders of this year's analysis in line with who is still to make it. Returns how many changed."""
    today, now, settings = services.clock.today(), services.clock.now(), reminder_settings(services)
    deadline = analysis_of(services.track, today)
    async with services.database.write() as session:
        people = await who_analyses(session, today=today)
        changed = await drop_analysis(session, keep=people)
        for person in people:
            changed += await refresh_analysis(session, person, deadline, now=now, settings=settings)
    return changed


async def analysed(services: Services, session: AsyncSession, person: PersonId) -> bool:
    """「我已办」 of somebody whose committee makes the analysis: nobody of it is reminded again this year.

    Returns whether any committee of theirs was still to make it.
    """
    today = services.clock.today()
    committees = (await who_analyses(session, today=today)).get(person, [])
    await note_analysed(session, committees, by=person, today=today)
    await drop_analysis(session, keep=await who_analyses(session, today=today))
    return bool(committees)
