"""The roster: a plan is applied in one piece, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import all_branches, create_branch
from records.cells import Problem
from records.people import PersonId, Role
from records.roster_plan import ImportPlan, Known, PlannedRow, Status, plan_import
from records.roster_sheet import NotARoster, Roster, RosterRow, read_roster
from records.tables import (
    AccessRow,
    AccountRow,
    BranchRow,
    ConsentRow,
    EntryRow,
    InvitationRow,
    MentorshipRow,
    PersonRow,
    RoleRow,
)

__all__ = [
    "Applied",
    "ImportPlan",
    "Known",
    "NotARoster",
    "PlannedRow",
    "Problem",
    "Roster",
    "RosterRow",
    "Status",
    "Undone",
    "apply_import",
    "known_people",
    "plan_import",
    "read_roster",
    "undo_import",
]

_CHUNK = 500  # numbers in one query
_TOLD_BY_ROSTERS = {"birthday", "application_received"}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Applied:
    """What an import did; `undo` is JSON for `undo_import`, `moved` are those who stand in another branch now."""

    people: tuple[tuple[PlannedRow, PersonId], ...]
    undo: dict[str, Any]
    moved: tuple[PersonId, ...] = ()


@dataclass(frozen=True)
class Undone:
    """What taking an import back did; `kept` are those who have joined or have a record by now.

    `moved` are those who stand in their old branch again.
    """

    removed: int
    restored: int
    kept: int
    moved: tuple[PersonId, ...] = ()


async def known_people(session: AsyncSession, numbers: Iterable[str | None]) -> list[Known]:
    """Those of these student numbers who are here, wherever they are, by student number."""
    rows = (await _by_number(session, numbers)).values()
    return [Known(r.student_number or "", r.name, r.branch_id, r.details, r.left_at is not None) for r in rows]


async def apply_import(session: AsyncSession, plan: ImportPlan, *, now: datetime, parent: int | None = None) -> Applied:
    """Do what the plan says with every row that is not rejected; the caller commits, or nothing has happened.

    Args:
        parent: what new branches stand below.
    """
    here = {branch.name: branch.id for branch in await all_branches(session)}
    undo: dict[str, Any] = {"created": [], "branches": [], "changed": []}
    for name in plan.new_branches:
        if name not in here:
            here[name] = (await create_branch(session, name, parent=parent)).id
            undo["branches"].append(here[name])
    kept = [row for row in plan.rows if row.status is not Status.REJECTED]
    rows = await _by_number(session, (row.source.student_number for row in kept))
    for planned in kept:
        branch_id = here[planned.new_branch] if planned.new_branch else planned.branch_id
        assert branch_id is not None  # noqa: S101 (a planned row that is not rejected has a branch)
        row = rows.get(planned.source.student_number or "")
        if row is None:
            row = rows[planned.source.student_number or ""] = _new_row(planned, branch_id, now)
            session.add(row)
        elif planned.status is Status.CHANGED:
            undo["changed"].append(await _change(session, row, planned, branch_id))
    await session.flush()
    created = [rows[one.source.student_number or ""] for one in kept if one.status is Status.NEW]
    session.add_all(RoleRow(person_id=row.id, role=Role.STUDENT.value, branch_id=row.branch_id) for row in created)
    await session.flush()
    undo["created"] = [row.id for row in created]
    people = tuple((one, PersonId(rows[one.source.student_number or ""].id)) for one in kept)
    was = {one["id"]: one["branch_id"] for one in undo["changed"]}
    moved = {row.id for row in rows.values() if row.branch_id != was.get(row.id, row.branch_id)}
    return Applied(people, undo, tuple(PersonId(one) for one in sorted(moved)))


async def undo_import(session: AsyncSession, undo: Mapping[str, Any]) -> Undone:
    """Take an import back: remove whom it added and nobody has seen since, restore what it changed."""
    kept = 0
    for chunk in _chunks(undo["created"]):
        in_use = await _in_use(session, chunk)
        kept += len(in_use)
        gone = [person for person in chunk if person not in in_use]
        await session.execute(delete(AccessRow).where(AccessRow.subject_id.in_(gone)))
        for table in (EntryRow, RoleRow, InvitationRow):
            await session.execute(delete(table).where(table.person_id.in_(gone)))
        await session.execute(delete(PersonRow).where(PersonRow.id.in_(gone)))
    moved: list[PersonId] = []
    for before in undo["changed"]:
        row = await session.get(PersonRow, before["id"])
        if row is not None:
            moved += [PersonId(row.id)] if row.branch_id != before["branch_id"] else []
            await _move(session, row, before["branch_id"])
            row.name, row.details = before["name"], before["details"]
            row.left_at = datetime.fromisoformat(before["left_at"]) if before["left_at"] else None
    await session.flush()
    for branch in undo["branches"]:
        used = exists().where(PersonRow.branch_id == branch)
        below = exists().where(BranchRow.parent_id == branch)
        roles = exists().where(RoleRow.branch_id == branch)
        if not await session.scalar(select(or_(used, below, roles))):
            await session.execute(delete(BranchRow).where(BranchRow.id == branch))
    return Undone(len(undo["created"]) - kept, len(undo["changed"]), kept, tuple(moved))


async def _by_number(session: AsyncSession, numbers: Iterable[str | None]) -> dict[str, PersonRow]:
    found: dict[str, PersonRow] = {}
    for chunk in _chunks(sorted({number for number in numbers if number})):
        query = select(PersonRow).where(PersonRow.student_number.in_(chunk)).order_by(PersonRow.student_number)
        found.update((row.student_number or "", row) for row in await session.scalars(query))
    return found


def _new_row(planned: PlannedRow, branch_id: int, now: datetime) -> PersonRow:
    source = planned.source
    return PersonRow(
        student_number=source.student_number,
        name=source.name or "",
        branch_id=branch_id,
        details=dict(source.details),
        created_at=now,
    )


async def _change(session: AsyncSession, row: PersonRow, planned: PlannedRow, branch_id: int) -> dict[str, Any]:
    """Change the row, and return what it was as JSON."""
    before = {
        "id": row.id,
        "name": row.name,
        "branch_id": row.branch_id,
        "details": dict(row.details),
        "left_at": None if row.left_at is None else row.left_at.isoformat(),
    }
    await _move(session, row, branch_id)
    row.name, row.left_at = planned.source.name or row.name, None
    row.details = {**row.details, **planned.source.details}
    return before


async def _move(session: AsyncSession, row: PersonRow, branch_id: int) -> None:
    """To another branch, with the role of a student where it was held in the old one."""
    if row.branch_id == branch_id:
        return
    held = (RoleRow.person_id == row.id, RoleRow.role == Role.STUDENT.value)
    there = await session.scalar(select(RoleRow.id).where(*held, RoleRow.branch_id == branch_id))
    if there is None:
        await session.execute(
            update(RoleRow).where(*held, RoleRow.branch_id == row.branch_id).values(branch_id=branch_id)
        )
    row.branch_id = branch_id


async def _in_use(session: AsyncSession, people: Sequence[int]) -> set[int]:
    """On whom more hangs than what the roster itself told of them."""
    used: set[int] = set()
    signs = (AccountRow.person_id, ConsentRow.person_id, MentorshipRow.student_id, MentorshipRow.mentor_id)
    for column in signs:
        used.update(await session.scalars(select(column).where(column.in_(people))))
    entries = await session.execute(select(EntryRow.person_id, EntryRow.payload).where(EntryRow.person_id.in_(people)))
    for person, payload in entries:
        if not (payload.get("history") and payload.get("step") in _TOLD_BY_ROSTERS):
            used.add(person)
    return used


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
