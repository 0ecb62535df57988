"""Reminding the organisers of a committee of its yearly analysis, in the one letter that they get a day anyway."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import reminder_settings
from bot.services import Services
from records.analysis import analysis_of, note_analysed, who_analyses
from records.people import PersonId
from scheduler.deadlines import drop_analysis, refresh_analysis


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


async def analysed(services: Services, session: AsyncSession, person: PersonId) -> None:
    """「我已办」 of somebody whose committee makes the analysis: nobody of it is reminded again this year."""
    today = services.clock.today()
    committees = (await who_analyses(session, today=today)).get(person, [])
    await note_analysed(session, committees, by=person, today=today)
    await drop_analysis(session, keep=await who_analyses(session, today=today))
