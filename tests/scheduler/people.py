"""People as the planner meets them: with roles, doors and agreements."""

from __future__ import annotations

from datetime import UTC, datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from records.tables import AccountRow, BranchRow, ConsentRow, PersonRow, RoleRow, StudyTurnRow

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


async def add_branch(session: AsyncSession) -> int:
    """One branch."""
    row = BranchRow(name="电信学院学生第一党支部", kind="branch")
    session.add(row)
    await session.flush()
    return row.id


async def add_student(
    session: AsyncSession,
    branch_id: int,
    number: int,
    *,
    study_time: time | None = None,
    joined: bool = True,
    role: str = "student",
    **fields: object,
) -> int:
    """A student who has joined by Telegram and agreed, unless told otherwise."""
    person = PersonRow(
        name=f"学生{number}",
        student_number=f"2023{number:06}",
        branch_id=branch_id,
        details={},
        study_time=study_time,
        created_at=LONG_AGO,
        **fields,
    )
    session.add(person)
    await session.flush()
    session.add(RoleRow(person_id=person.id, role=role, branch_id=branch_id))
    if joined:
        session.add(
            AccountRow(
                channel="telegram",
                external_id=1000 + number,
                person_id=person.id,
                joined_at=LONG_AGO,
                last_seen_at=LONG_AGO,
            )
        )
        session.add(ConsentRow(person_id=person.id, version="1", given_at=LONG_AGO))
        session.add(StudyTurnRow(person_id=person.id, next_at=LONG_AGO))
    await session.flush()
    return person.id
