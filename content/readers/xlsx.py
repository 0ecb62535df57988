"""Workbooks: what kind of list it is by its header, and its rows as lines."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from content.notices import Notice
from content.readers.refusals import FileDamaged, FileEncrypted
from content.readers.sheets import kind_of_rows
from content.readers.source import FileKind, Source, Writer

MOST_ROWS = 20_000


def read_xlsx(content: bytes, name: str) -> Source:
    """Every visible sheet as a heading with its rows below it."""
    writer = Writer()
    kinds: list[FileKind] = []
    rows_read = 0
    for title, rows in sheets(content, name):
        kinds.append(kind_of_rows(rows))
        if not any(any(row) for row in rows):
            continue
        writer.line(title, level=2)
        for row in rows[: MOST_ROWS - rows_read]:
            if any(row):
                writer.line(" | ".join(row).rstrip(" |"))
        rows_read += len(rows)
    source = writer.done()
    source.title = name.rpartition(".")[0] or name
    # A ledger of steps often has a roster on its other sheets.
    wanted = (FileKind.QUESTION_BANK, FileKind.STEP_LIST, FileKind.ROSTER)
    source.kind = next((kind for kind in wanted if kind in kinds), FileKind.DOCUMENT)
    if rows_read > MOST_ROWS:
        sentence = "Only the first {read} rows were read. Split the file."
        source.notices.append(Notice("notice.rows_beyond", sentence, {"read": MOST_ROWS}))
    return source


def sheets(content: bytes, name: str) -> list[tuple[str, list[list[str]]]]:
    """(sheet, rows of cells as text); a whole number has no decimals and a date is written 2026-11-22."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = []
        for sheet in workbook.sheets_metadata:
            if str(sheet.typ).rpartition(".")[2] != "WorkSheet" or str(sheet.visible).rpartition(".")[2] != "Visible":
                continue
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            found.append((sheet.name, [[_cell(cell) for cell in row] for row in rows]))
        return found
    except CalamineError as error:
        if "password" in str(error).lower():
            raise FileEncrypted(name=name) from error
        raise FileDamaged(name=name) from error


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
