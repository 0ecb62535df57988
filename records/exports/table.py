"""The participation export as CSV that Excel opens with a double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from records.exports.columns import COLUMNS, Value, Words, paired, printable
from records.growth import GrowthRow, Subject

BOM = "\ufeff"  # without it Excel takes UTF-8 for the local code page
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(rows: Iterable[GrowthRow], people: Sequence[Subject], words: Words, now: datetime) -> bytes:
    """UTF-8 with a mark, one row an entry; text is quoted, and a cell that Excel would run is made text.

    Args:
        now: not written into the file, so that the same records give the same bytes.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([words(f"export.column.{column.key}") for column in COLUMNS])
    for subject, row in paired(rows, people):
        writer.writerow([harmless(printable(column.value(subject, row, words))) for column in COLUMNS])
    return (BOM + stream.getvalue()).encode("utf-8")


def harmless(value: Value) -> Value:
    """A text that begins like a formula gets an apostrophe before it, which Excel reads as "this is text"."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS):
        return "'" + value
    return value
