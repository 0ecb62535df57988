"""Where a table's headings stand, and which column means what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from records.cells import clean
from records.sheets import Cell

SEARCHED_ROWS = 20
MAX_DEPTH = 3
_REMARK = re.compile(r"[(\[【<].*?[)\]】>]")
_COPY_NUMBER = re.compile(r"\.\d+$")  # pandas appends it to a heading that comes twice


@dataclass(frozen=True)
class Header:
    """The headings of a table: `row` is the index of the first one, `depth` how many rows they take."""

    row: int
    depth: int
    columns: dict[str, int]  # field → column index
    unknown: tuple[str, ...]  # headings that no field is called by, as they are written

    @property
    def first_row(self) -> int:
        """The index of the first row below the headings."""
        return self.row + self.depth


def find_header(rows: Sequence[Sequence[Cell]], known: Mapping[str, Sequence[str]]) -> Header | None:
    """The rows that name the most known fields, each field once; None where no row names any.

    Args:
        known: field → what it is called, best name first; remarks in brackets, spaces and marks do not matter.
    """
    best: Header | None = None
    for row in range(min(SEARCHED_ROWS, len(rows))):
        for depth in range(1, min(MAX_DEPTH, len(rows) - row) + 1):
            found = _columns(headings(rows[row : row + depth]), known)
            if len(found.columns) > (len(best.columns) if best else 0):
                best = Header(row, depth, found.columns, found.unknown)
    return best


def headings(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """One heading a column: what stands in these rows one below the other, without repeating itself.

    Where the first of the rows says one thing only, it is a title, not a heading.
    """
    stacked: list[list[str]] = [[] for _ in (rows[0] if rows else [])]
    for number, row in enumerate(rows):
        texts = [_COPY_NUMBER.sub("", clean(cell.text)) if isinstance(cell.value, str) else "" for cell in row]
        if number == 0 and len(set(texts) - {""}) == 1 and len(texts) > 1:
            return [""] * len(texts)
        for parts, text in zip(stacked, texts, strict=True):
            if text and (not parts or parts[-1] != text):
                parts.append(text)
    return ["".join(parts) for parts in stacked]


def plain_heading(text: str) -> str:
    """The heading as it is compared: no spaces, no marks, no remark in brackets."""
    text = _REMARK.sub("", clean(text))
    return re.sub(r"[\s*:：、，,.。_#]", "", text).lower()


def _columns(texts: list[str], known: Mapping[str, Sequence[str]]) -> Header:
    named = {column: plain_heading(text) for column, text in enumerate(texts)}
    columns: dict[str, int] = {}
    for field, column in _matches(named, known):
        if field not in columns and column not in columns.values():
            columns[field] = column
    unknown = tuple(text for column, text in enumerate(texts) if text and column not in columns.values())
    return Header(0, 1, columns, unknown)


def _matches(named: Mapping[int, str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int]]:
    """Fields and columns that belong together: first those whose names agree, then those that begin so."""
    plain = {field: [plain_heading(name) for name in names] for field, names in known.items()}
    places: dict[str, list[int]] = {}
    for column, text in named.items():
        places.setdefault(text, []).append(column)
    for field, names in plain.items():
        for name in names:
            yield from ((field, column) for column in places.get(name, ()))
    for field, names in plain.items():
        for name in names:
            if len(name) > 1:
                for column, text in named.items():
                    if len(name) < len(text) <= 3 * len(name) and text.startswith(name):
                        yield field, column
