"""Tables out of web pages: what many a school's system calls an Excel file."""

from __future__ import annotations

from typing import Any

MAX_SPAN = 1000
MAX_GRID = 1_000_000


class TooManyCells(ValueError):
    """Spans that make a small page a huge table."""


def html_tables(text: str) -> list[list[list[str]]]:
    """Every table of the page as rows of texts; a spanned area repeats its text, tables inside tables are skipped.

    Raises:
        ValueError: no page can be made of the text.
        TooManyCells: the spans add up to more than any list of people.
    """
    from lxml import html

    try:
        # Bytes, because the library refuses text that declares an encoding of its own.
        root = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except Exception as error:  # the library raises several unrelated kinds
        raise ValueError("no page") from error
    tables = [one for one in root.iter("table") if not any(up.tag == "table" for up in one.iterancestors())]
    return [_grid(table) for table in tables]


def _grid(table: Any) -> list[list[str]]:
    cells: dict[tuple[int, int], str] = {}
    rows = list(table.iter("tr"))
    for number, row in enumerate(rows):
        column = 0
        for cell in row.iterchildren("td", "th"):
            while (number, column) in cells:
                column += 1
            text = " ".join(cell.text_content().split())
            for down in range(_span(cell, "rowspan")):
                for right in range(_span(cell, "colspan")):
                    cells[number + down, column + right] = text
                    if len(cells) > MAX_GRID:
                        raise TooManyCells
    width = max((column for _, column in cells), default=-1) + 1
    return [[cells.get((number, column), "") for column in range(width)] for number in range(len(rows))]


def _span(cell: Any, name: str) -> int:
    written = str(cell.get(name) or "")
    return min(max(int(written), 1), MAX_SPAN) if written.isdecimal() and len(written) < 6 else 1
