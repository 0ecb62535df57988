"""Many people at once: what stands for each of them, in a few queries instead of one a person."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.facts import STEP_KIND, Fact, facts_of
from records.ledger import Entry
from records.people import PersonId, Role
from records.tables import EntryRow, PersonRow, RoleRow

_CHUNK = 500  # people in one query


async def facts_of_people(session: AsyncSession, people: Iterable[PersonId]) -> dict[PersonId, list[Fact]]:
    """What stands for each of these people, by day; somebody of whom nothing was recorded has an empty list."""
    wanted = list(dict.fromkeys(people))
    entries: dict[PersonId, list[Entry]] = {person: [] for person in wanted}
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(
            select(EntryRow)
            .where(EntryRow.person_id.in_(wanted[start : start + _CHUNK]), EntryRow.kind.in_((STEP_KIND, "void")))
            .order_by(EntryRow.person_id, EntryRow.sequence)
        )
        for row in rows:
            entries[PersonId(row.person_id)].append(_entry(row))
    return {person: facts_of(own) for person, own in entries.items()}


async def stage_counts(session: AsyncSession, branches: Iterable[int]) -> dict[tuple[int, str], int]:
    """How many students of each (branch, stage) are on the roster; branches and stages without any are left out."""
    rows = await session.execute(
        select(PersonRow.branch_id, PersonRow.stage, func.count())
        .where(
            PersonRow.branch_id.in_(list(branches)),
            PersonRow.left_at.is_(None),
            exists().where(RoleRow.person_id == PersonRow.id, RoleRow.role == Role.STUDENT.value),
        )
        .group_by(PersonRow.branch_id, PersonRow.stage)
    )
    return {(branch, stage): count for branch, stage, count in rows}


def _entry(row: EntryRow) -> Entry:
    return Entry(
        id=row.id,
        person=row.person_id,
        sequence=row.sequence,
        kind=row.kind,
        happened_on=row.happened_on,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        payload=row.payload,
        verified_by=row.verified_by,
        voids=row.voids,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
