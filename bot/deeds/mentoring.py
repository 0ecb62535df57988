"""Mentors: named with a step, tied to the people of the roster who bear these names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from records.fields import names_in
from records.people import Person, PersonId, assign_mentor, end_mentorship, mentors_of


async def tie_mentors(
    session: AsyncSession, people: Sequence[Person], student: PersonId, names: str, *, since: date
) -> list[str]:
    """Let those of `people` with these names or numbers, and no longer others, accompany the student.

    Returns the names that nobody among them bears alone.
    """
    meant = {name: [one for one in people if name in (one.name, one.student_number)] for name in names_in(names)}
    found = [one for ones in meant.values() if len(ones) == 1 for one in ones if one.id != student]
    if found:
        for former in await mentors_of(session, student, today=since):
            if former.id not in {one.id for one in found}:
                await end_mentorship(session, former.id, student, until=since - timedelta(days=1))
    for mentor in found:
        await assign_mentor(session, mentor.id, student, since=since)
    return [name for name, ones in meant.items() if len(ones) != 1]
