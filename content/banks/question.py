"""A quiz question, and what an importer found wrong with a row."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from content.notices import Notice
from content.passages import Basis


class QuestionKind(StrEnum):
    """How many answers are right."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGE = "judge"


@dataclass(frozen=True)
class Question:
    """A question as it will be asked; `answer` holds 0-based positions in `options`, `where` its place in the file."""

    kind: QuestionKind
    stem: str
    options: tuple[str, ...]
    answer: tuple[int, ...]
    where: str = ""
    explanation: str = ""
    basis: Basis | None = None
    stages: tuple[str, ...] = ()
    topic: str | None = None
    difficulty: int = 1

    @property
    def digest(self) -> str:
        """The same for questions that differ only in spaces, punctuation or the order of their options."""
        parts = [bare(self.stem), *sorted(bare(option) for option in self.options)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def right(self) -> frozenset[str]:
        """The right options' words."""
        return frozenset(" ".join(self.options[place].split()) for place in self.answer)


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `Sheet1!7` a row, `L3` a line, `#12` the twelfth question."""

    where: str
    notice: Notice

    def row(self) -> dict[str, str]:
        """As the command line prints it."""
        return {"where": self.where, "problem": str(self.notice)}


@dataclass(frozen=True)
class BankFile:
    """A file of questions: those that can be used, remarks on them, and rows that were refused."""

    name: str
    questions: tuple[Question, ...]
    remarks: tuple[Problem, ...]
    rejected: tuple[Problem, ...]


def problem(where: str, key: str, sentence: str, **fields: Any) -> Problem:
    """A problem in one line."""
    return Problem(where, Notice(key, sentence, fields))


def bare(text: str) -> str:
    """A text without case, width, spaces and punctuation; a formula is kept whole."""
    return words_of(text) or unicodedata.normalize("NFKC", text).lower().strip()


def words_of(text: str) -> str:
    """The same, and nothing where there are only signs."""
    return re.sub(r"[\s\W_]+", "", unicodedata.normalize("NFKC", text).lower())
