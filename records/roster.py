"""The roster: what was read is compared with who is here, then applied in one piece, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.branches import all_branches, create_branch
from records.cells import Problem
from records.people import PersonId, Role, add_person, grant_role, revoke_role
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


class Status(StrEnum):
    """What the import would do with a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Known:
    """Who is here already, as far as a roster can change it."""

    student_number: str
    name: str
    branch_id: int
    details: Mapping[str, Any]
    left: bool = False


@dataclass(frozen=True)
class PlannedRow:
    """What would become of a row; `changes` maps a field to what it was and what it will be."""

    source: RosterRow
    status: Status
    branch_id: int | None = None
    new_branch: str | None = None
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do, row by row, before anything is done."""

    rows: tuple[PlannedRow, ...]

    def count(self, status: Status) -> int:
        """How many rows would be treated so."""
        return sum(row.status is status for row in self.rows)

    @property
    def new_branches(self) -> tuple[str, ...]:
        """Branches that the import would create, in the order of the file."""
        return tuple(dict.fromkeys(row.new_branch for row in self.rows if row.new_branch))


@dataclass(frozen=True)
class Applied:
    """What an import did; `undo` is JSON for `undo_import`."""

    people: tuple[tuple[PlannedRow, PersonId], ...]
    undo: dict[str, Any]


@dataclass(frozen=True)
class Undone:
    """What taking an import back did; `kept` are those who have joined or have a record by now."""

    removed: int
    restored: int
    kept: int


def plan_import(
    rows: Sequence[RosterRow],
    known: Iterable[Known],
    *,
    branches: Mapping[str, int],
    default_branch: int | None = None,
    may_create: bool = True,
) -> ImportPlan:
    """Compare what was read with who is here.

    Args:
        branches: the branches that the importer may fill, by name; a person in any other branch is left alone.
        default_branch: where people go whose row names no branch.
        may_create: whether a branch that is not known yet may be created.
    """
    here = {person.student_number: person for person in known}
    first_seen: dict[str, RosterRow] = {}
    planned = []
    for row in rows:
        problems = list(row.problems)
        if row.student_number is not None:
            earlier = first_seen.setdefault(row.student_number, row)
            if earlier is not row:
                problems.append(Problem("problem.repeated_number", row.where, {"first": earlier.where}))
        branch_id = branches.get(row.branch) if row.branch else default_branch
        creates = row.branch if row.branch and branch_id is None and may_create else None
        person = here.get(row.student_number or "")
        if branch_id is None and creates is None and (row.branch or person is None):
            problems.append(_no_branch(row))
        if person is not None and person.branch_id not in branches.values():
            problems.append(Problem("problem.foreign_person", row.where, {"number": row.student_number}))
        planned.append(_planned(row, person, branch_id, creates, tuple(problems), branches))
    return ImportPlan(tuple(planned))


async def known_people(session: AsyncSession, numbers: Iterable[str | None]) -> list[Known]:
    """Those of these student numbers who are here, wherever they are."""
    wanted = sorted({number for number in numbers if number})
    found: list[Known] = []
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(
            select(PersonRow)
            .where(PersonRow.student_number.in_(wanted[start : start + _CHUNK]))
            .order_by(PersonRow.student_number)
        )
        found += [Known(r.student_number or "", r.name, r.branch_id, r.details, r.left_at is not None) for r in rows]
    return found


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
    people: list[tuple[PlannedRow, PersonId]] = []
    for row in plan.rows:
        if row.status is Status.REJECTED:
            continue
        branch_id = here[row.new_branch] if row.new_branch else row.branch_id
        assert branch_id is not None  # noqa: S101 (a planned row that is not rejected has a branch)
        if row.status is Status.NEW:
            person = (
                await add_person(
                    session,
                    name=row.source.name or "",
                    student_number=row.source.student_number,
                    branch_id=branch_id,
                    details=dict(row.source.details),
                    now=now,
                )
            ).id
            undo["created"].append(person)
        else:
            person = await _change(session, row, branch_id, undo)
        people.append((row, person))
    return Applied(tuple(people), undo)


async def undo_import(session: AsyncSession, undo: Mapping[str, Any]) -> Undone:
    """Take an import back: remove whom it added and nobody has seen since, restore what it changed."""
    kept = 0
    for person in undo["created"]:
        if await _is_in_use(session, person):
            kept += 1
            continue
        await session.execute(delete(AccessRow).where(AccessRow.subject_id == person))
        for table in (EntryRow, RoleRow, InvitationRow):
            await session.execute(delete(table).where(table.person_id == person))
        await session.execute(delete(PersonRow).where(PersonRow.id == person))
    for before in undo["changed"]:
        row = await session.get(PersonRow, before["id"])
        if row is not None:
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
    return Undone(len(undo["created"]) - kept, len(undo["changed"]), kept)


async def _change(session: AsyncSession, planned: PlannedRow, branch_id: int, undo: dict[str, Any]) -> PersonId:
    row = await session.scalar(select(PersonRow).where(PersonRow.student_number == planned.source.student_number))
    assert row is not None  # noqa: S101 (the plan was made from this row)
    if planned.status is Status.CHANGED:
        left_at = None if row.left_at is None else row.left_at.isoformat()
        before = {"id": row.id, "name": row.name, "branch_id": row.branch_id, "details": dict(row.details)}
        undo["changed"].append({**before, "left_at": left_at})
        await _move(session, row, branch_id)
        row.name, row.left_at = planned.source.name or row.name, None
        row.details = {**row.details, **planned.source.details}
        await session.flush()
    return PersonId(row.id)


async def _move(session: AsyncSession, row: PersonRow, branch_id: int) -> None:
    if row.branch_id != branch_id:
        here = (RoleRow.person_id == row.id, RoleRow.role == Role.STUDENT.value, RoleRow.branch_id == row.branch_id)
        if await session.scalar(select(RoleRow.id).where(*here)) is not None:
            await revoke_role(session, PersonId(row.id), Role.STUDENT, row.branch_id)
            await grant_role(session, PersonId(row.id), Role.STUDENT, branch_id)
        await session.execute(update(PersonRow).where(PersonRow.id == row.id).values(branch_id=branch_id))
        row.branch_id = branch_id


async def _is_in_use(session: AsyncSession, person: int) -> bool:
    """Whether more hangs on the person than what the roster itself told of them."""
    signs = [exists().where(table.person_id == person) for table in (AccountRow, ConsentRow)]
    mentorship = exists().where(or_(MentorshipRow.student_id == person, MentorshipRow.mentor_id == person))
    if await session.scalar(select(or_(*signs, mentorship))):
        return True
    payloads = await session.scalars(select(EntryRow.payload).where(EntryRow.person_id == person))
    return any(not (one.get("history") and one.get("step") in _TOLD_BY_ROSTERS) for one in payloads)


def _planned(
    row: RosterRow,
    person: Known | None,
    branch_id: int | None,
    creates: str | None,
    problems: tuple[Problem, ...],
    branches: Mapping[str, int],
) -> PlannedRow:
    if problems:
        return PlannedRow(row, Status.REJECTED, problems=problems)
    if person is None:
        return PlannedRow(row, Status.NEW, branch_id, creates)
    if row.branch is None:  # a sheet without branches moves nobody
        branch_id = person.branch_id
    changes = _changes(row, person, branch_id, {number: name for name, number in branches.items()})
    return PlannedRow(row, Status.CHANGED if changes else Status.SAME, branch_id, creates, changes)


def _changes(
    row: RosterRow, person: Known, branch_id: int | None, names: Mapping[int, str]
) -> dict[str, tuple[str, str]]:
    changes: dict[str, tuple[str, str]] = {}
    if row.name != person.name:
        changes["name"] = (person.name, row.name or "")
    if branch_id != person.branch_id:
        changes["branch"] = (names[person.branch_id], row.branch or "")
    if person.left:
        changes["left"] = ("left", "")
    for key, new in row.details.items():
        old = str(person.details.get(key, ""))
        if new != old:
            changes[key] = (old, new)
    return changes


def _no_branch(row: RosterRow) -> Problem:
    if row.branch:
        return Problem("problem.branch_not_yours", row.where, {"branch": row.branch})
    return Problem("problem.no_branch", row.where)
