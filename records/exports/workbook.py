"""The participation export as an Excel workbook: the rows, the sums, and what they mean."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from records.exports.columns import COLUMNS, SCHOOL_ZONE, Value, Words, paired, printable
from records.growth import GrowthRow, Subject, Totals, totals_of
from records.people import PersonId

_SUMS: tuple[tuple[str, int], ...] = (
    ("student_number", 14),
    ("name", 10),
    ("branch", 24),
    ("stage", 14),
    ("rows", 9),
    ("verified_rows", 11),
    ("hours", 9),
    ("verified_hours", 13),
    ("activities", 9),
    ("reports", 11),
)
_NOTES = ("source", "verified", "hours", "hash", "decision")
_HEADER_FILL = "FFB03A2E"
_RULE_COLOUR = "FFD9D9D9"
_LINE_POINTS = 15.5
_MOST_LINES = 8
_FONT = "DengXian"  # on every Windows with Chinese; others fall back to their own


def workbook(rows: Iterable[GrowthRow], people: Sequence[Subject], words: Words, now: datetime) -> bytes:
    """Three sheets: participation, sums by person, notes. Student numbers are text; nothing can run as a formula."""
    from openpyxl import Workbook

    kept = list(paired(rows, people))
    book = Workbook()
    first = book.active
    book.remove(first)
    sheet = book.create_sheet(words("export.sheet.rows"))
    titles = [words(f"export.column.{column.key}") for column in COLUMNS]
    body = [[column.value(subject, row, words) for column in COLUMNS] for subject, row in kept]
    _fill(sheet, titles, body, [column.width for column in COLUMNS], frozen="C2")
    sums = book.create_sheet(words("export.sheet.sums"))
    own: dict[PersonId, list[GrowthRow]] = {subject.person.id: [] for subject in people}
    for subject, row in kept:
        own[subject.person.id].append(row)
    body = [_sums(subject, totals_of(own[subject.person.id]), words) for subject in people]
    _fill(sums, [words(f"export.column.{key}") for key, _ in _SUMS], body, [width for _, width in _SUMS], frozen="C2")
    _notes(book.create_sheet(words("export.sheet.notes")), words, now, len(kept))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sums(subject: Subject, totals: Totals, words: Words) -> list[Value]:
    person = subject.person
    return [
        person.student_number,
        person.name,
        subject.branch,
        words(f"stage.{person.stage}"),
        totals.rows,
        totals.verified_rows,
        totals.hours,
        totals.verified_hours,
        totals.activities,
        totals.reports,
    ]


def _fill(sheet: Any, titles: list[str], body: list[list[Value]], widths: list[int], *, frozen: str) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    line = Border(bottom=Side(style="thin", color=_RULE_COLOUR))
    for column, title in enumerate(titles, start=1):
        cell = sheet.cell(1, column)
        _put(cell, title)
        cell.font = Font(name=_FONT, bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor=_HEADER_FILL)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    plain, text = Font(name=_FONT), Alignment(vertical="top", wrap_text=True)
    for number, values in enumerate(body, start=2):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(number, column)
            _put(cell, value)
            cell.font, cell.alignment, cell.border = plain, text, line
        lines = max(_lines(value, width) for value, width in zip(values, widths, strict=True))
        sheet.row_dimensions[number].height = lines * _LINE_POINTS
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.row_dimensions[1].height = 30
    sheet.freeze_panes = frozen
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{len(body) + 1}"
    _page(sheet)


def _lines(value: Value, width: int) -> int:
    """How many lines the value takes; a Chinese character is as wide as two letters."""
    text = str(value or "")
    wide = sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
    return min(max(1, -(-wide // max(1, width - 1))), _MOST_LINES)


def _put(cell: Any, value: Value) -> None:
    """Text stays text: a student number keeps its zeros, and `=1+1` is not computed."""
    value = printable(value)
    if value is None:
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@", "\t"))


def _page(sheet: Any) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter.center.text = "&P / &N"


def _notes(sheet: Any, words: Words, now: datetime, count: int) -> None:
    from openpyxl.styles import Alignment, Font

    made = f"{now.astimezone(SCHOOL_ZONE):%Y-%m-%d %H:%M}"
    lines = [words("export.note.made", at=made, rows=count), *(words(f"export.note.{key}") for key in _NOTES)]
    for number, text in enumerate(lines, start=1):
        cell = sheet.cell(number, 1)
        _put(cell, text)
        cell.font, cell.alignment = Font(name=_FONT), Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 90
    _page(sheet)
