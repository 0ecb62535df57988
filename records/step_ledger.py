"""A school's ledger of steps: one person a row, one column a step, headed in each school's own way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from records.cells import Problem, clean, is_blank, read_date, read_name, read_student_number
from records.headings import Header, find_header, headings
from records.sheet_guard import column_letters
from records.sheets import Cell, Sheet

_DAY = r"(\d{8}|\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?)"
_BEGINS_WITH_A_YEAR = re.compile(r"(?:19|20)\d{2}(?:\s*[-/.年]|\d{2})")  # 2024-13-01, 20241301, 2024年9月
_SPAN = re.compile(_DAY + r"\s*[-~～—–至到]+\s*" + _DAY)
_WHO = ("student_number", "name")
UNRELATED = "ledger.unrelated"
_UNKNOWN_DAYS = "ledger.unknown_days"


@dataclass(frozen=True)
class ListedStep:
    """A step as a file tells it; `where` is its cell, `row_where` its row, `order` settles steps of one day.

    `only`: the file has one day of this step for each person, so that another day corrects what an earlier file told.
    """

    where: str
    row_where: str
    student_number: str | None
    name: str | None
    step: str
    on: date
    detail: dict[str, str] = field(default_factory=dict)
    order: int = 0
    only: bool = False


@dataclass(frozen=True)
class ColumnReading:
    """What a column was taken for; without steps it was not read. `remark`: the locale key of why, or of how."""

    where: str
    heading: str
    steps: tuple[str, ...] = ()
    detail: str | None = None
    remark: str | None = None

    @property
    def unrelated(self) -> bool:
        """Whether it tells of no step at all."""
        return self.remark == UNRELATED


@dataclass(frozen=True)
class _Column:
    index: int
    reading: ColumnReading
    first_day: bool = False  # of a span

    def day(self, cell: Cell) -> date | Problem | None:
        """The day of the cell; of a span like 2020.09.01-2020.09.05 the one that counts for this column."""
        span = _span(cell)
        return read_date(cell) if span is None else span[0 if self.first_day else 1]


def read_ledger(
    sheets: Sequence[Sheet], known: Mapping[str, Any]
) -> tuple[tuple[ListedStep, ...], tuple[ColumnReading, ...], tuple[Problem, ...]]:
    """The steps of every sheet that names people and has columns of days; the same step told twice is one step.

    Args:
        known: `list` and `ledger` of `columns/steps.yaml`.
    """
    who = {key: known["list"][key] for key in _WHO}
    steps: list[ListedStep] = []
    readings: list[ColumnReading] = []
    problems: list[Problem] = []
    for sheet in sheets:
        header = find_header(sheet.rows, who)
        if header is None:
            continue
        columns = _columns(sheet, header, known["ledger"])
        readings += [column.reading for column in columns]
        if any(column.reading.steps for column in columns):
            for cells in sheet.rows[header.first_row :]:
                _read_row(cells, header, columns, steps, problems)
    told, contradictions = _once(steps)
    return told, tuple(readings), (*problems, *contradictions)


def _columns(sheet: Sheet, header: Header, patterns: Iterable[Mapping[str, Any]]) -> list[_Column]:
    phase = "application"
    columns = []
    for index, heading in enumerate(headings(sheet.rows[header.row : header.first_row])):
        text = clean(heading).replace(" ", "")
        where = f"{sheet.name}!{column_letters(index + 1)}"
        pattern = next((p for p in patterns if re.search(p["match"], text) and phase in p.get("within", [phase])), None)
        if not text or index in header.columns.values():
            continue
        if pattern is None or not pattern.keys() & {"steps", "remark"}:
            cells = _below(sheet, header, index)
            if any(not is_blank(cell) for cell in cells):
                dated = pattern is None and any(_is_written_day(cell) for cell in cells)
                columns.append(_Column(index, ColumnReading(where, text, remark=_UNKNOWN_DAYS if dated else UNRELATED)))
            continue
        phase = pattern.get("phase", phase)
        remark = f"ledger.{pattern['remark']}" if "remark" in pattern else None
        reading = ColumnReading(where, text, tuple(pattern.get("steps", ())), pattern.get("detail"), remark)
        if reading.steps and not _holds_days(sheet, header, index):
            reading = replace(reading, steps=(), remark="ledger.no_days")
        first_day = pattern.get("span") == "first"
        if reading.steps and not reading.remark and any(_span(cell) for cell in _below(sheet, header, index)):
            reading = replace(reading, remark="ledger.span_first" if first_day else "ledger.span_last")
        if reading.steps or reading.remark:
            columns.append(_Column(index, reading, first_day))
    return columns


def _below(sheet: Sheet, header: Header, index: int) -> list[Cell]:
    return [row[index] for row in sheet.rows[header.first_row :]]


def _holds_days(sheet: Sheet, header: Header, index: int) -> bool:
    """Whether any cell is a day, or was meant as one; a column of 是/否 or of remarks is none of ours."""
    cells = _below(sheet, header, index)
    return any(isinstance(read_date(cell), date) or _BEGINS_WITH_A_YEAR.match(clean(cell.text)) for cell in cells)


def _is_written_day(cell: Cell) -> bool:
    """Whether the cell is a day as people write it: a bare number like a class's could be anything."""
    return isinstance(read_date(cell), date) and _BEGINS_WITH_A_YEAR.match(clean(cell.text)) is not None


def _read_row(
    cells: Sequence[Cell],
    header: Header,
    columns: Sequence[_Column],
    steps: list[ListedStep],
    problems: list[Problem],
) -> None:
    if sum(not is_blank(cell) for cell in cells) < 2:
        return  # a blank line, or a note below the table
    where = f"{cells[0].sheet}!{cells[0].row}"
    number = (
        read_student_number(cells[header.columns["student_number"]]) if "student_number" in header.columns else None
    )
    name = read_name(cells[header.columns["name"]]) if "name" in header.columns else None
    if isinstance(number, Problem):
        problems.append(number)
        return
    if number is None and name is None:
        if any(not is_blank(cells[column.index]) for column in columns if column.reading.steps):
            problems.append(Problem("problem.nobody_named", where))
        return
    details: list[tuple[ColumnReading, Cell, date]] = []
    own: list[ListedStep] = []
    for column in columns:
        reading, cell = column.reading, cells[column.index]
        day = column.day(cell) if reading.steps else None
        if isinstance(day, Problem):
            problems.append(day)
        elif day is not None and reading.detail:
            details.append((reading, cell, day))
        elif day is not None:
            told = ListedStep(cell.address, where, number, name, "", day, order=column.index, only=True)
            own += [replace(told, step=step) for step in reading.steps]
    for reading, cell, day in details:
        place = next((i for i, step in enumerate(own) if step.step in reading.steps), None)
        if place is None:
            problems.append(Problem("problem.detail_without_step", cell.address))
        else:
            own[place] = replace(own[place], detail={**own[place].detail, reading.detail or "": day.isoformat()})
    steps += own


def _span(cell: Cell) -> tuple[date, date] | None:
    """The first and last day of a cell like 2020.09.01-2020.09.05."""
    found = _SPAN.fullmatch(clean(cell.text)) if isinstance(cell.value, str) else None
    if found is None:
        return None
    first, last = (read_date(replace(cell, value=part)) for part in found.groups())
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def _once(steps: Iterable[ListedStep]) -> tuple[tuple[ListedStep, ...], tuple[Problem, ...]]:
    told: dict[tuple[str | None, str], ListedStep] = {}
    problems: list[Problem] = []
    for step in steps:
        earlier = told.setdefault((step.student_number or step.name, step.step), step)
        if earlier.on != step.on:
            problems.append(
                Problem("problem.told_otherwise", step.where, {"first": earlier.where, "day": earlier.on.isoformat()})
            )
    return tuple(told.values()), tuple(problems)
