"""The passage: the unit that is studied, searched and quoted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

DocumentId = NewType("DocumentId", str)
PassageId = NewType("PassageId", int)


class Level(StrEnum):
    """Whose requirement a text states; the two are never mixed up in front of a person."""

    NATIONAL = "national"
    SCHOOL = "school"


class DocumentKind(StrEnum):
    """What a document is, which decides what is quoted first."""

    OFFICIAL = "official"
    SCHOOL = "school"
    HANDBOOK = "handbook"
    GUIDE = "guide"
    FAQ = "faq"


@dataclass(frozen=True)
class Basis:
    """The article that a passage of our own handbook rests on."""

    title: str
    article: str


@dataclass(frozen=True)
class PassageText:
    """A passage as a reader finds it in a file, before it belongs to a document.

    Attributes:
        headings: outermost first, e.g. ("第二章 入党积极分子的确定和培养教育",).
        article: "第七条" where the text is an article, else None.
        text: exactly the characters of the source.
        page: 1-based page or slide, where the file has such.
        questions: anticipated questions that this passage answers; indexed with it, never shown as its text.
    """

    headings: tuple[str, ...]
    article: str | None
    text: str
    page: int | None = None
    level: Level = Level.NATIONAL
    basis: Basis | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A stored passage with what a quotation must name.

    `effective_until` is the first day on which it no longer holds (None: still in force).
    """

    id: PassageId
    document: DocumentId
    title: str
    kind: DocumentKind
    version: int
    ordinal: int
    content: PassageText
    effective_from: date
    effective_until: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether it may answer on this day."""
        return self.effective_from <= on and (self.effective_until is None or on < self.effective_until)

    @property
    def retold(self) -> bool:
        """Whether it tells in words of its own what a text requires, and is no such text itself."""
        return self.kind not in (DocumentKind.OFFICIAL, DocumentKind.SCHOOL)

    @property
    def answered_here(self) -> bool:
        """Whether a branch wrote it, answering one question: its title is that question."""
        question = self.content.headings[0] if self.content.headings else ""
        own = self.kind is DocumentKind.FAQ and self.content.level is Level.SCHOOL
        return own and bool(question) and question.startswith(self.title)

    @property
    def asked(self) -> tuple[str, ...]:
        """What it is known to answer: the questions that stand with it, and its own where it is an answer to one."""
        own = self.content.headings[:1] if self.answered_here else ()
        return (*own, *self.content.questions)

    @property
    def common_practice(self) -> bool:
        """Whether our handbook tells what schools often do: no rule of this one."""
        ours = self.kind in (DocumentKind.HANDBOOK, DocumentKind.FAQ) and self.content.level is Level.SCHOOL
        return ours and not self.answered_here

    @property
    def own_rule(self) -> bool:
        """Whether it is what this organisation itself requires."""
        return self.kind is DocumentKind.SCHOOL or self.answered_here
