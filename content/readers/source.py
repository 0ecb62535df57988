"""What every reader hands on: the text of a file with where its headings and pages stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from content.notices import Notice
from content.passages import PassageText


class FileKind(StrEnum):
    """What a file is by its content; decides which preview an organiser is shown."""

    DOCUMENT = "document"
    QUESTION_BANK = "question_bank"
    ROSTER = "roster"
    STEP_LIST = "step_list"


@dataclass
class Source:
    """The text of a file; offsets count characters.

    Attributes:
        headings: offset of a line → its level, 0 for a title style, 1 the outermost.
        breaks: offsets at which a passage must end although nothing is written there (a slide without a title).
        pages: (offset, 1-based page or slide) in order.
    """

    text: str
    title: str | None = None
    headings: dict[int, int] = field(default_factory=dict)
    breaks: set[int] = field(default_factory=set)
    pages: list[tuple[int, int]] = field(default_factory=list)
    front: dict[str, Any] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    kind: FileKind = FileKind.DOCUMENT

    def page_at(self, offset: int) -> int | None:
        """The page on which this character stands."""
        found = None
        for start, page in self.pages:
            if start > offset:
                break
            found = page
        return found


class Writer:
    """Collects lines into a `Source`."""

    def __init__(self) -> None:
        self.source = Source("")
        self._parts: list[str] = []
        self._length = 0

    def line(self, text: str, *, level: int | None = None) -> None:
        """Add a line; with a level it is a heading and kept on one line."""
        if level is not None:
            text = " ".join(text.split())
            if text:
                self.source.headings[self._length] = level
        self._parts.append(text + "\n")
        self._length += len(text) + 1

    def page(self, number: int) -> None:
        """What follows stands on this page."""
        self.source.pages.append((self._length, number))

    def stop(self) -> None:
        """What follows is not of the same passage."""
        self.source.breaks.add(self._length)

    def done(self) -> Source:
        """The source with everything that was added."""
        self.source.text = "".join(self._parts)
        return self.source


@dataclass(frozen=True)
class ParsedDocument:
    """A file as its reader understood it, before anybody decided to keep it.

    Attributes:
        chapters: how many chapters (章, where there are none 编, 部分 or 节) hold an article.
        articles: how many articles were found; 0 where the document has none.
        effective: the day from which the text says it holds, where it says so.
        front: what the file's front matter gave (kind, step, stages, effective, …).
    """

    title: str
    passages: tuple[PassageText, ...]
    notices: tuple[Notice, ...] = ()
    detected: FileKind = FileKind.DOCUMENT
    front: dict[str, Any] = field(default_factory=dict)
    chapters: int = 0
    articles: int = 0
    effective: date | None = None
