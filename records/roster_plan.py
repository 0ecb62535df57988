"""What importing a roster would do, row by row, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from records.cells import Problem
from records.roster_sheet import RosterRow, contradiction


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
                problems.append(_repeated(earlier, row))
        branch_id = branches.get(row.branch) if row.branch else default_branch
        creates = row.branch if row.branch and branch_id is None and may_create else None
        person = here.get(row.student_number or "")
        if branch_id is None and creates is None and (row.branch or person is None):
            problems.append(_no_branch(row))
        if person is not None and person.branch_id not in branches.values():
            problems.append(Problem("problem.foreign_person", row.where, {"number": row.student_number}))
        planned.append(_planned(row, person, branch_id, creates, tuple(problems), branches))
    return ImportPlan(tuple(planned))


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


def _repeated(earlier: RosterRow, row: RosterRow) -> Problem:
    found = contradiction(earlier, row)
    if found is None:
        return Problem("problem.repeated_number", row.where, {"first": earlier.where})
    told, one, other = found
    values = {"number": row.student_number, "first": earlier.where, "one": one, "other": other}
    return Problem(f"problem.two_{told}", row.where, values)


def _no_branch(row: RosterRow) -> Problem:
    if row.branch:
        return Problem("problem.branch_not_yours", row.where, {"branch": row.branch})
    return Problem("problem.no_branch", row.where)
