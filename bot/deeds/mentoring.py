"""Mentors: named with a step, tied to the people of the roster who bear these names."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reach import Reach, named_person
from records.fields import names_in
from records.people import Person, SeveralPeople, UnknownPerson, assign_mentor, end_mentorship, mentors_of


async def tie_mentors(session: AsyncSession, reach: Reach, student: Person, names: str, *, since: date) -> list[str]:
    """Let these people, and no longer others, accompany the student. Returns the names that nobody here bears alone."""
    found: list[Person] = []
    unknown: list[str] = []
    for name in names_in(names):
        try:
            found.append(await named_person(session, reach, name))
        except (UnknownPerson, SeveralPeople):
            unknown.append(name)
    if found:
        for former in await mentors_of(session, student.id, today=since):
            if former.id not in {one.id for one in found}:
                await end_mentorship(session, former.id, student.id, until=since - timedelta(days=1))
    for mentor in found:
        await assign_mentor(session, mentor.id, student.id, since=since)
    return unknown
