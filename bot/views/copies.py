"""A person's own data as files: JSON for machines, a workbook for people. Slow: never in the event loop."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from bot.words import Words
from records.exports.columns import printable
from records.exports.table import harmless

Everything = Mapping[str, Sequence[Mapping[str, Any]]]
WIDEST = 60


def copy_as_json(everything: Everything) -> bytes:
    """All of it, with the names of the tables."""
    return json.dumps(everything, ensure_ascii=False, indent=2, default=str).encode()


def copy_as_workbook(everything: Everything, _: Words) -> bytes:
    """A sheet for each kind of record that holds anything."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for table, rows in everything.items():
        if not rows:
            continue
        sheet = book.create_sheet(_name(table, _)[:31])
        columns = list(dict.fromkeys(name for row in rows for name in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([harmless(printable(_cell(row.get(name)))) for name in columns])
        for number, name in enumerate(columns, 1):
            sheet.cell(1, number).font = Font(bold=True)
            widest = max(len(str(_cell(row.get(name)) or "")) for row in rows)
            sheet.column_dimensions[get_column_letter(number)].width = min(WIDEST, max(len(name), widest) + 4)
        sheet.freeze_panes = "A2"
    if not book.worksheets:
        book.create_sheet("-")
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _name(table: str, _: Words) -> str:
    key = f"mydata.table.{table}"
    return _.plain(key) if _.has(key) else table


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if value is None or isinstance(value, str | int | float) else str(value)
