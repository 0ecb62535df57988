"""Mentors: named with a step, tied to the people of the roster who bear these names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from records.fields import names_in
from records.people import (
    Person,
    PersonId,
    assign_mentor,
    end_mentorship,
    mentors_of,
    present_by_number,
)
from records.sponsors import can_be_named


async def unknown_mentors(session: AsyncSession, people: Sequence[Person], student: Person, names: str) -> list[str]:
    """The names that nobody among these people bears alone, and that are no number of anybody's."""
    return [name for name, ones in (await _meant(session, people, student.id, names)).items() if len(ones) != 1]


async def tie_mentors(
    session: AsyncSession, people: Sequence[Person], student: PersonId, names: str, *, since: date
) -> None:
    """Let those of `people` with these names, or anybody with these numbers, and no longer others, go along.

    Art 9 asks for full members and for no branch. A number means one person wherever they are; a name only where it
    is looked for, or a namesake of another branch would see the student's dates.
    """
    meant = await _meant(session, people, student, names)
    found = [one for ones in meant.values() if len(ones) == 1 for one in ones]
    if found:
        for former in await mentors_of(session, student, today=since):
            if former.id not in {one.id for one in found}:
                await end_mentorship(session, former.id, student, until=since - timedelta(days=1))
    for mentor in found:
        await assign_mentor(session, mentor.id, student, since=since)


async def _meant(
    session: AsyncSession, people: Sequence[Person], student: PersonId, names: str
) -> dict[str, list[Person]]:
    """Who is meant by each name: never the student, and of namesakes those who can be a mentor."""
    meant = {}
    for name in names_in(names):
        called = [one for one in people if name in (one.name, one.student_number)]
        elsewhere = [] if called else [await present_by_number(session, name)]
        others = [one for one in (*called, *elsewhere) if one is not None and one.id != student]
        meant[name] = others if len(others) == 1 else [one for one in others if can_be_named(one)]
    return meant
