"""Tables out of Excel and CSV files: every value keeps the address of its cell."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from records.html_tables import TooManyCells, html_tables
from records.sheet_guard import TooLarge, check_archive, column_letters
from storage.errors import WaymarkError

MAX_ROWS = 20_000
MAX_COLUMNS = 300
MAX_SHEETS = 60
SHOWN_NAME_LENGTH = 60

Value: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | None


class SheetUnreadable(WaymarkError):
    """The bytes are no table that we can read; `reason` is the library's."""

    key = "error.sheet_unreadable"
    sentence = "{file} cannot be read as a table ({reason}). Open it in Excel, save it as .xlsx, and send it again."


class SheetProtected(WaymarkError):
    """The file asks for a password."""

    key = "error.sheet_protected"
    sentence = "{file} is protected by a password. Remove the password in Excel, save, and send it again."


class SheetTooLarge(WaymarkError):
    """A sheet is larger than any list of people; `where` names it."""

    key = "error.sheet_too_large"
    sentence = "{where} is too large: at most {rows} rows and {columns} columns are read. Split the file."


@dataclass(frozen=True, slots=True)
class Cell:
    """One value and where it stands; row and column count from 1, as people see them."""

    value: Value
    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """As in Excel: `Sheet1!C5`."""
        return f"{self.sheet}!{column_letters(self.column)}{self.row}"

    @property
    def text(self) -> str:
        """The value as a person would type it: whole numbers without a point, dates as 2026-11-22."""
        return text_of(self.value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its rows from the first on; a merged area's value stands in each of its cells."""

    name: str
    rows: list[list[Cell]]


def read_sheets(content: bytes, name: str) -> list[Sheet]:
    """Every sheet that holds something, of an XLSX, XLS, CSV or HTML file; what the bytes are decides, not the name.

    Meant to run in a limited child process: a file that lies about itself may cost memory or time before it is refused.

    Raises:
        SheetUnreadable, SheetProtected, SheetTooLarge: with the file's name or the sheet's.
    """
    shown = name[:SHOWN_NAME_LENGTH]
    if content[:4] == b"PK\x03\x04":
        _check(content, shown)
        return _read_workbook(content, shown)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _read_workbook(content, shown)
    text = decode(content, shown)
    if text.lstrip()[:1] == "<" and "<table" in text.lower():
        return _read_html(text, shown)
    return _read_csv(text, shown)


def text_of(value: Value) -> str:
    """A cell's value as a person would type it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case _:
            return str(value).strip()


def _check(content: bytes, name: str) -> None:
    try:
        check_archive(content)
    except TooLarge as error:
        raise SheetTooLarge(where=name, rows=MAX_ROWS, columns=MAX_COLUMNS) from error
    except ValueError as error:
        raise SheetUnreadable(file=name, reason=_short(error)) from error


def _read_workbook(content: bytes, name: str) -> list[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = workbook.sheet_names
        if len(names) > MAX_SHEETS:
            raise SheetTooLarge(where=name, rows=MAX_ROWS, columns=MAX_COLUMNS)
        sheets = []
        for sheet_name in names:
            source = workbook.get_sheet_by_name(sheet_name)
            _refuse_size(f"{name}/{sheet_name}", source.total_height, source.total_width)
            values: list[list[Value]] = [list(row) for row in source.to_python(skip_empty_area=False)]
            for (top, left), (bottom, right) in source.merged_cell_ranges or []:
                _spread(values, top, left, bottom, right)
            sheets.append(_sheet(sheet_name, values))
    except PasswordError as error:
        raise SheetProtected(file=name) from error
    except (CalamineError, ValueError, OSError) as error:
        raise SheetUnreadable(file=name, reason=_short(error)) from error
    return [sheet for sheet in sheets if sheet.rows]


def _read_html(text: str, name: str) -> list[Sheet]:
    try:
        tables = html_tables(text)
    except TooManyCells as error:
        raise SheetTooLarge(where=name, rows=MAX_ROWS, columns=MAX_COLUMNS) from error
    except ValueError as error:
        raise SheetUnreadable(file=name, reason=_short(error)) from error
    sheets = []
    for number, grid in enumerate(tables[:MAX_SHEETS], start=1):
        values: list[list[Value]] = [[value or None for value in row] for row in grid]
        _refuse_size(name, len(values), max(map(len, values), default=0))
        sheets.append(_sheet(f"{_stem(name)}{'' if len(tables) == 1 else number}", values))
    return [sheet for sheet in sheets if sheet.rows]


def _read_csv(text: str, name: str) -> list[Sheet]:
    sample = "".join(text.splitlines(keepends=True)[:20])
    delimiter = max(",\t;|，", key=sample.count)
    values: list[list[Value]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            values.append([value.strip() or None for value in row])
            _refuse_size(name, len(values), len(row))
    except csv.Error as error:
        raise SheetUnreadable(file=name, reason=_short(error)) from error
    sheet = _sheet(_stem(name), values)
    return [sheet] if sheet.rows else []


def decode(content: bytes, name: str) -> str:
    """The text of a CSV file saved by Excel, WPS or a program: UTF-8, GBK or UTF-16, with or without a mark.

    Raises:
        SheetUnreadable: the bytes are no text.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif content[:200].count(0) > len(content[:200]) // 5:  # ASCII in UTF-16 has a zero byte in every letter
        encodings = ["utf-16-le" if content[1:200:2].count(0) > content[:200:2].count(0) else "utf-16-be"]
    elif b"\0" in content:
        encodings = []
    else:
        from charset_normalizer import from_bytes

        best = from_bytes(content[:50_000]).best()
        encodings = ["utf-8-sig", "gb18030", *([best.encoding] if best else [])]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise SheetUnreadable(file=name, reason="no text, no Excel file")


def _sheet(name: str, values: list[list[Value]]) -> Sheet:
    while values and all(_is_empty(value) for value in values[-1]):
        values.pop()
    width = max((_width(row) for row in values), default=0)
    rows = [
        [Cell(_plain(row[c]) if c < len(row) else None, name, r, c + 1) for c in range(width)]
        for r, row in enumerate(values, start=1)
    ]
    return Sheet(name, rows)


def _plain(value: Value) -> Value:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _width(row: list[Value]) -> int:
    return max((c for c, value in enumerate(row, start=1) if not _is_empty(value)), default=0)


def _spread(values: list[list[Value]], top: int, left: int, bottom: int, right: int) -> None:
    if top >= len(values) or left >= len(values[top]):
        return
    value = values[top][left]
    for row in values[top : bottom + 1]:
        for c in range(left, min(right + 1, len(row))):
            row[c] = value


def _refuse_size(where: str, rows: int, columns: int) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise SheetTooLarge(where=where, rows=MAX_ROWS, columns=MAX_COLUMNS)


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
