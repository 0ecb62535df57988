"""Steps out of a file: a list with one step a row, or a school's own ledger with one person a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from records.cells import Problem, clean, is_blank, read_date, read_name, read_student_number
from records.headings import Header, find_header, headings, plain_heading
from records.people import Person, PersonId
from records.roster_sheet import RosterRow, read_roster
from records.sheets import Cell, Sheet, read_sheets
from records.step_ledger import ColumnReading, ListedStep, read_ledger
from storage.errors import WaymarkError

__all__ = [
    "ColumnReading",
    "ListedStep",
    "NotAStepList",
    "PlannedStep",
    "Problem",
    "StepList",
    "kind_of_sheet",
    "plan_steps",
    "read_step_list",
    "steps_of_roster",
]

_WHO = ("student_number", "name")
_OWN = (*_WHO, "step", "on")
_KNOWN_SHOWN = 8
_ROSTER_STEPS = {"birthday": "birthday", "applied_on": "application_received"}


class NotAStepList(WaymarkError):
    """No sheet tells people and days."""

    key = "error.not_a_step_list"
    sentence = (
        "{file} holds no steps: it needs {needed} and either the columns {list} or one column a step with days in it. "
        "Columns found: {found}."
    )


@dataclass(frozen=True)
class StepList:
    """What a file says: steps in the order of the file, what each column was taken for, and what is wrong.

    `history` is True for a ledger: its steps happened before Waymark was used.
    """

    steps: tuple[ListedStep, ...]
    columns: tuple[ColumnReading, ...]
    problems: tuple[Problem, ...]
    history: bool


@dataclass(frozen=True)
class PlannedStep:
    """A step with the person that it belongs to, and what they are called here."""

    listed: ListedStep
    person: PersonId
    name: str = ""


def read_step_list(content: bytes, name: str) -> StepList:
    """Every step that the file tells; meant to run in a limited child process.

    Raises:
        SheetUnreadable, SheetProtected, SheetTooLarge: the file is no table.
        NotAStepList: says which columns were found.
    """
    sheets = read_sheets(content, name)
    lists = [(sheet, header) for sheet in sheets if (header := _list_header(sheet)) is not None]
    if lists:
        read = [_row_of_list(cells, header) for sheet, header in lists for cells in sheet.rows[header.first_row :]]
        steps = tuple(one for one in read if isinstance(one, ListedStep))
        problems = tuple(problem for one in read if isinstance(one, tuple) for problem in one)
        return StepList(steps, (), problems, history=False)
    steps, columns, problems = read_ledger(sheets, columns_file())
    if not any(column.steps for column in columns):
        raise _not_a_step_list(sheets, name)
    return StepList(steps, columns, problems, history=True)


def plan_steps(listed: Iterable[ListedStep], people: Sequence[Person]) -> tuple[list[PlannedStep], list[Problem]]:
    """Find everybody by student number, or by a name that only one of them bears; each person's steps by day.

    Args:
        people: whom the importer may record for.
    """
    by_number = {person.student_number: person for person in people if person.student_number}
    by_name: dict[str, list[Person]] = {}
    for person in people:
        by_name.setdefault(person.name, []).append(person)
    planned: list[PlannedStep] = []
    problems: dict[tuple[str, str], Problem] = {}
    for step in listed:
        found = _find(step, by_number, by_name)
        if isinstance(found, Problem):
            problems.setdefault((found.key, found.where), found)
        else:
            planned.append(PlannedStep(step, found.id, found.name))
    places = {person.person: place for place, person in reversed(list(enumerate(planned)))}
    planned.sort(key=lambda one: (places[one.person], one.listed.on, one.listed.order))
    return planned, list(problems.values())


def steps_of_roster(rows: Iterable[RosterRow]) -> list[ListedStep]:
    """What a roster tells besides people: birthdays and the days on which they applied, as history."""
    return [
        ListedStep(
            where=row.cells.get(key, row.where),
            row_where=row.where,
            student_number=row.student_number,
            name=row.name,
            step=step,
            on=date.fromisoformat(row.details[key]),
            order=order,
            only=True,
        )
        for row in rows
        for order, (key, step) in enumerate(_ROSTER_STEPS.items())
        if row.details.get(key) and not row.problems
    ]


def kind_of_sheet(content: bytes, name: str) -> Literal["steps", "roster"] | None:
    """Whether a file tells steps or people, judged by its headings; None when neither, or when it is no table.

    A sheet of people with no days but birthday and application is a roster.
    """
    try:
        told = read_step_list(content, name)
        if not told.history or any(step.step not in _ROSTER_STEPS.values() for step in told.steps):
            return "steps"
    except WaymarkError:
        pass
    try:
        return "roster" if read_roster(content, name) else None
    except WaymarkError:
        return None


@cache
def columns_file() -> dict[str, Any]:
    """What columns and steps are called, from `columns/steps.yaml`."""
    text = resources.files("records").joinpath("columns/steps.yaml").read_text(encoding="utf-8")
    columns: dict[str, Any] = yaml.safe_load(text)
    return columns


def step_called(text: str) -> str | None:
    """The id of the step that goes by this name, or None."""
    names: Mapping[str, Sequence[str]] = columns_file()["names"]
    wanted = plain_heading(text)
    for step, called in names.items():
        if text.strip().lower() == step or wanted in {plain_heading(name) for name in called}:
            return step
    return None


def _find(
    step: ListedStep, by_number: Mapping[str, Person], by_name: Mapping[str, Sequence[Person]]
) -> Person | Problem:
    if step.student_number is not None:
        person = by_number.get(step.student_number)
        if person is None:
            return Problem("problem.not_on_roster", step.row_where, {"who": step.student_number})
        if step.name is not None and step.name != person.name:
            return Problem("problem.other_name", step.row_where, {"number": step.student_number, "name": step.name})
        return person
    namesakes = by_name.get(step.name or "", ())
    if len(namesakes) == 1:
        return namesakes[0]
    key = "problem.name_not_enough" if namesakes else "problem.not_on_roster"
    return Problem(key, step.row_where, {"who": step.name})


def _list_header(sheet: Sheet) -> Header | None:
    header = find_header(sheet.rows, columns_file()["list"])
    if header is None or not {"step", "on"} <= set(header.columns) or not set(_WHO) & set(header.columns):
        return None
    return header


def _row_of_list(cells: Sequence[Cell], header: Header) -> ListedStep | tuple[Problem, ...] | None:
    own = {key: cells[column] for key, column in header.columns.items() if not is_blank(cells[column])}
    if len(own) < 2:
        return None  # a blank line or a remark
    problems: list[Problem] = []
    number = _kept(read_student_number(own["student_number"]), problems) if "student_number" in own else None
    name = read_name(own["name"]) if "name" in own else None
    step = step_called(own["step"].text) if "step" in own else None
    on = _kept(read_date(own["on"]), problems) if "on" in own else None
    where = f"{cells[0].sheet}!{cells[0].row}"
    if not set(own) & set(_WHO):
        problems.append(Problem("problem.nobody_named", where))
    if "step" not in own:
        problems.append(Problem("problem.step_missing", cells[header.columns["step"]].address))
    elif step is None:
        known = "、".join(called[0] for called in list(columns_file()["names"].values())[:_KNOWN_SHOWN])
        fields = {"value": clean(own["step"].text)[:40], "known": known}
        problems.append(Problem("problem.step_unknown", own["step"].address, fields))
    if "on" not in own:
        problems.append(Problem("problem.day_missing", cells[header.columns["on"]].address))
    detail = {key: _detail(key, cell, problems) for key, cell in own.items() if key not in _OWN}
    if problems or step is None or on is None:
        return tuple(problems)
    return ListedStep(own["step"].address, where, number, name, step, on, detail, cells[0].row)


def _detail(key: str, cell: Cell, problems: list[Problem]) -> str:
    if key not in columns_file()["dates"]:
        return clean(cell.text)
    day = _kept(read_date(cell), problems)
    return day.isoformat() if isinstance(day, date) else ""


def _kept(value: Any, problems: list[Problem]) -> Any:
    if isinstance(value, Problem):
        problems.append(value)
        return None
    return value


def _not_a_step_list(sheets: Sequence[Sheet], name: str) -> NotAStepList:
    called = columns_file()["list"]
    found: list[str] = []
    for sheet in sheets:
        header = find_header(sheet.rows, called)
        row = header.row if header else 0
        found += [text for text in headings(sheet.rows[row : row + (header.depth if header else 1)]) if text]
    return NotAStepList(
        file=name,
        needed="/".join(called[key][0] for key in _WHO),
        list="、".join(called[key][0] for key in ("step", "on")),
        found="、".join(text[:20] for text in found[:15]) or "—",
    )
