"""Excel files that are small to send and huge to open, found before they are opened."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator

MAX_CELLS = 1_000_000  # of the box around everything filled in one sheet
MAX_UNPACKED_BYTES = 200 * 1024 * 1024


class TooLarge(Exception):
    """More than any list of people."""


def column_letters(number: int) -> str:
    """The name of a column, as Excel has it: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


_FILLED = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?(?<!/)>')


def check_archive(content: bytes) -> None:
    """Look before the library does: it reserves memory for the whole box around what is filled.

    Raises:
        TooLarge: it unpacks to, or reserves, more than any list of people.
        ValueError: it is no archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise TooLarge
            for entry in archive.infolist():
                if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                    with archive.open(entry) as part:
                        _refuse_box(_filled(iter(lambda: part.read(1 << 20), b"")))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ValueError(str(error)) from error


def _filled(chunks: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        end = rest.rfind(b">") + 1
        for found in _FILLED.finditer(rest, 0, end):
            yield int(found[2]), column_number(found[1].decode())
        rest = rest[end:][-4096:]


def _refuse_box(cells: Iterator[tuple[int, int]]) -> None:
    box: tuple[int, int, int, int] | None = None
    for row, column in cells:
        top, left, bottom, right = box or (row, column, row, column)
        box = (min(top, row), min(left, column), max(bottom, row), max(right, column))
    if box is not None and (box[2] - box[0] + 1) * (box[3] - box[1] + 1) > MAX_CELLS:
        raise TooLarge
