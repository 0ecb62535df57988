"""What people mean by a cell: blanks, dates and student numbers in the ways they are typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from records.sheets import Cell

EARLIEST_YEAR, LATEST_YEAR = 1921, 2100
_FIRST_SERIAL, _LAST_SERIAL = 7_700, 73_415  # Excel's day numbers of 1921 and 2100
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_BLANKS = {"", "\\", "/", "-", "--", "—", "——", "无", "暂无", "未", "空", "n/a", "na", "none", "null", "#n/a", "×", "x"}
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[ T]\d{1,2}:\d{2}(:\d{2})?)?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?")
_MONTH = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*月?|\d{6}(\.0)?")
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{2,29}")
_ROUNDED = re.compile(r"\d+(\.\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place of a file; `key` and `fields` give the sentence in the person's language."""

    key: str
    where: str
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Everything that the sentence needs."""
        return {"where": self.where, **self.fields}


def is_blank(cell: Cell) -> bool:
    r"""Whether the cell says "nothing": empty, `\`, `/`, `-`, 无 and the like."""
    return clean(cell.text).lower() in _BLANKS


def clean(text: str) -> str:
    """The text with full-width letters and digits made narrow and spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def read_date(cell: Cell) -> date | Problem | None:
    """The day that the cell means: 20180910, 2018-9-10, 2018年9月10日, an Excel date or day number; blank is None."""
    value = cell.value
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value if _plausible(value) else _no_date(cell)
    if is_blank(cell):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return _EXCEL_DAY_ZERO + timedelta(days=int(value))
    text = clean(cell.text)
    found = _PACKED.fullmatch(text) or _DAY.fullmatch(text)
    if found is None:
        return (
            Problem("problem.only_a_month", cell.address, {"value": text}) if _MONTH.fullmatch(text) else _no_date(cell)
        )
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return _no_date(cell)
    return day if _plausible(day) else _no_date(cell)


def read_student_number(cell: Cell) -> str | Problem | None:
    """The number as text, however Excel keeps it; one that Excel has rounded is refused."""
    if is_blank(cell):
        return None
    text = clean(cell.text).replace(" ", "").lstrip("'").upper()
    if (
        isinstance(cell.value, float)
        or _ROUNDED.fullmatch(text)
        or (isinstance(cell.value, int) and cell.value >= 10**15)
    ):
        return Problem("problem.number_rounded", cell.address, {"value": text})
    text = text.removesuffix(".0")
    return text if _NUMBER.fullmatch(text) else Problem("problem.no_student_number", cell.address, {"value": text[:40]})


def read_name(cell: Cell) -> str | None:
    """The name, without the spaces that are put into two-letter Chinese names to make them as wide as three."""
    if is_blank(cell):
        return None
    text = clean(cell.text)
    return text if text.isascii() else "".join(text.split())


def _plausible(day: date) -> bool:
    return EARLIEST_YEAR <= day.year < LATEST_YEAR


def _no_date(cell: Cell) -> Problem:
    return Problem("problem.no_date", cell.address, {"value": clean(cell.text)[:40]})
