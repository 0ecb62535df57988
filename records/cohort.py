"""Many people at once: what stands for each of them, in a few queries instead of one a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.facts import FACT_KINDS, Fact, facts_of
from records.people import PersonId, Role, accompanies
from records.tables import EntryRow, MentorshipRow, PersonRow, RoleRow
from storage.among import among

_CHUNK = 500  # people in one query
_WHAT_FACTS_NEED = (
    EntryRow.id,
    EntryRow.sequence,
    EntryRow.kind,
    EntryRow.happened_on,
    EntryRow.recorded_at,
    EntryRow.payload,
    EntryRow.voids,
)


async def students_after(session: AsyncSession, person: int, *, limit: int) -> list[tuple[PersonId, int]]:
    """The next students on the roster after that internal number, each with their branch, by number."""
    rows = await session.execute(
        select(PersonRow.id, PersonRow.branch_id)
        .where(PersonRow.id > person, PersonRow.left_at.is_(None), _is_student())
        .order_by(PersonRow.id)
        .limit(limit)
    )
    return [(PersonId(row.id), row.branch_id) for row in rows]


async def facts_of_people(session: AsyncSession, people: Iterable[PersonId]) -> dict[PersonId, list[Fact]]:
    """What stands for each of these people, by day; somebody of whom nothing was recorded has an empty list."""
    wanted = list(dict.fromkeys(people))
    entries: dict[PersonId, list[Any]] = {person: [] for person in wanted}
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.execute(
            select(EntryRow.person_id, *_WHAT_FACTS_NEED)
            .where(among(session, EntryRow.person_id, wanted[start : start + _CHUNK]), EntryRow.kind.in_(FACT_KINDS))
            .order_by(EntryRow.person_id, EntryRow.sequence)
        )
        for row in rows:
            entries[PersonId(row.person_id)].append(row)
    return {person: facts_of(own) for person, own in entries.items()}


async def mentors_of_people(
    session: AsyncSession, students: Iterable[PersonId], *, today: date
) -> dict[PersonId, list[PersonId]]:
    """Who accompanies each of these students today, longest first; who has no mentor is left out."""
    rows = await session.execute(
        select(MentorshipRow.student_id, MentorshipRow.mentor_id)
        .join(PersonRow, PersonRow.id == MentorshipRow.mentor_id)
        .where(among(session, MentorshipRow.student_id, students), PersonRow.left_at.is_(None), *accompanies(today))
        .order_by(MentorshipRow.since, MentorshipRow.id)
    )
    found: dict[PersonId, list[PersonId]] = {}
    for row in rows:
        found.setdefault(PersonId(row.student_id), []).append(PersonId(row.mentor_id))
    return found


async def stage_counts(session: AsyncSession, branches: Iterable[int]) -> dict[tuple[int, str], int]:
    """How many students of each (branch, stage) are on the roster; branches and stages without any are left out."""
    rows = await session.execute(
        select(PersonRow.branch_id, PersonRow.stage, func.count())
        .where(
            PersonRow.branch_id.in_(list(branches)),
            PersonRow.left_at.is_(None),
            _is_student(),
        )
        .group_by(PersonRow.branch_id, PersonRow.stage)
    )
    return {(branch, stage): count for branch, stage, count in rows}


def _is_student() -> ColumnElement[bool]:
    return exists().where(RoleRow.person_id == PersonRow.id, RoleRow.role == Role.STUDENT.value)
