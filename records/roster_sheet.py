"""Reading a roster: people as a school's own sheet names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from records.cells import Problem, clean, is_blank, read_date, read_name, read_student_number
from records.headings import Header, find_header, headings, plain_heading
from records.sheets import Cell, Sheet, read_sheets
from storage.errors import WaymarkError

DATES = ("birthday", "applied_on")
_OWN = ("student_number", "name", "branch")
MAX_TEXT = 100


class NotARoster(WaymarkError):
    """No sheet has the columns that a roster needs."""

    key = "error.not_a_roster"
    sentence = (
        "{file} is not a roster: it needs the columns {needed}, and {missing} is missing. Columns found: {found}. "
        "Put the headings into one row and send the file again."
    )


class RosterEmpty(WaymarkError):
    """The headings are there, and nobody below them."""

    key = "error.roster_empty"
    sentence = "{where} has the headings of a roster and nobody below them. Fill in the rows and send it again."


@dataclass(frozen=True)
class RosterRow:
    """A row as it was read; `details` holds texts, and days as 2005-03-01; `cells` says where each of them stands."""

    sheet: str
    row: int
    student_number: str | None
    name: str | None
    branch: str | None
    details: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def where(self) -> str:
        """`Sheet1!5`, as errors name it."""
        return f"{self.sheet}!{self.row}"

    def told(self, field: str) -> str | None:
        """What the row tells of it: name, branch, or one of the details."""
        own = {"name": self.name, "branch": self.branch}
        return own[field] if field in own else self.details.get(field)


@dataclass(frozen=True)
class Roster:
    """Every row of every sheet that is a roster; `unread` are headings that nothing is done with."""

    rows: tuple[RosterRow, ...]
    unread: tuple[str, ...]
    left_out: tuple[str, ...]


def read_roster(content: bytes, name: str) -> Roster:
    """Every roster in the file, sheet after sheet; meant to run in a limited child process.

    Raises:
        SheetUnreadable, SheetProtected, SheetTooLarge: the file is no table.
        NotARoster: no sheet has both student numbers and names; says which columns were found.
        RosterEmpty: there are headings and no rows.
    """
    sheets = read_sheets(content, name)
    known = _columns()
    found = [(sheet, header) for sheet in sheets if (header := _header(sheet)) is not None]
    if not found:
        raise _not_a_roster(sheets, name)
    rows = _merged(row for sheet, header in found for row in _rows(sheet, header))
    if not rows:
        sheet, header = found[0]
        raise RosterEmpty(where=f"{sheet.name}!{header.row + 1}")
    left_out = {plain_heading(text) for text in known["left_out"]}
    unknown = list(dict.fromkeys(text for _, header in found for text in header.unknown))
    return Roster(
        rows=rows,
        unread=tuple(text for text in unknown if plain_heading(text) not in left_out),
        left_out=tuple(text for text in unknown if plain_heading(text) in left_out),
    )


@cache
def _columns() -> dict[str, Any]:
    text = resources.files("records").joinpath("columns/roster.yaml").read_text(encoding="utf-8")
    columns: dict[str, Any] = yaml.safe_load(text)
    return columns


def _header(sheet: Sheet) -> Header | None:
    header = find_header(sheet.rows, _columns()["fields"])
    if header is None or not set(_columns()["needed"]) <= set(header.columns):
        return None
    return header


def _rows(sheet: Sheet, header: Header) -> Iterable[RosterRow]:
    for cells in sheet.rows[header.first_row :]:
        own = {key: cells[column] for key, column in header.columns.items()}
        if is_blank(own["student_number"]) and is_blank(own["name"]):
            continue  # a blank line, or a note below the table
        if is_blank(own["student_number"]) and sum(not is_blank(cell) for cell in cells) == 1:
            continue  # a remark that happens to stand in the column of names
        yield _row(sheet.name, cells[0].row, own)


def _row(sheet: str, row: int, own: Mapping[str, Cell]) -> RosterRow:
    problems = []
    number = read_student_number(own["student_number"])
    name = read_name(own["name"])
    if isinstance(number, Problem):
        problems.append(number)
        number = None
    elif number is None:
        problems.append(Problem("problem.number_missing", own["student_number"].address))
    if name is None:
        problems.append(Problem("problem.name_missing", own["name"].address))
    elif len(name) > 80:
        problems.append(Problem("problem.text_too_long", own["name"].address))
    details: dict[str, str] = {}
    for key, cell in own.items():
        if key in _OWN or is_blank(cell):
            continue
        value = _day(cell) if key in DATES else clean(cell.text)[:MAX_TEXT]
        if isinstance(value, Problem):
            problems.append(value)
        else:
            details[key] = value
    branch = own.get("branch")
    branch_name = None if branch is None or is_blank(branch) else clean(branch.text)[:MAX_TEXT]
    cells = {key: cell.address for key, cell in own.items()}
    return RosterRow(sheet, row, number, name, branch_name, details, tuple(problems), cells)


def _day(cell: Cell) -> str | Problem:
    day = read_date(cell)
    return day if isinstance(day, Problem) else (day or date.min).isoformat()


def _merged(rows: Iterable[RosterRow]) -> tuple[RosterRow, ...]:
    """The same person on several sheets is one row; twice on one sheet, or told otherwise, stays two."""
    merged: list[RosterRow] = []
    places: dict[str, int] = {}
    for row in rows:
        place = places.get(row.student_number or "")
        if place is not None and merged[place].sheet != row.sheet and contradiction(merged[place], row) is None:
            merged[place] = _both(merged[place], row)
            continue
        if row.student_number is not None:
            places.setdefault(row.student_number, len(merged))
        merged.append(row)
    return tuple(merged)


def contradiction(first: RosterRow, second: RosterRow) -> tuple[str, str, str] | None:
    """The first field of which two rows of one person tell different things, with both; None where they agree."""
    for told in ("name", "branch", *DATES):
        one, other = first.told(told), second.told(told)
        if one != other and one is not None and other is not None:
            return told, one, other
    return None


def _both(first: RosterRow, second: RosterRow) -> RosterRow:
    return replace(
        first,
        branch=first.branch or second.branch,
        details={**second.details, **first.details},
        problems=first.problems + second.problems,
        cells={**first.cells, **{key: second.cells[key] for key in second.details.keys() - first.details.keys()}},
    )


def _not_a_roster(sheets: Sequence[Sheet], name: str) -> NotARoster:
    known = _columns()
    best: Header | None = None
    found: list[str] = []
    for sheet in sheets:
        header = find_header(sheet.rows, known["fields"])
        if header is not None and (best is None or len(header.columns) > len(best.columns)):
            best = header
            found = [text for text in headings(sheet.rows[header.row : header.first_row]) if text]
    titles = {key: known["fields"][key][0] for key in known["needed"]}
    missing = [title for key, title in titles.items() if best is None or key not in best.columns]
    return NotARoster(
        file=name,
        needed="、".join(titles.values()),
        missing="、".join(missing),
        found="、".join(text[:20] for text in found[:15]) or "—",
    )
