"""An organiser's own questions with known answers, in a table: a row for each question and source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from records.headings import find_header
from records.sheets import Cell, Sheet
from retrieval.evaluation import EvaluationQuestion, Relevant
from storage.errors import Term, WaymarkError

SHEETS = "records.sheets:read_sheets"
_KNOWN = {
    "question": ("问题", "提问", "题目", "问", "question"),
    "title": ("资料", "文件", "标题", "出处", "来源", "答案出处", "title", "document", "source"),
    "article": ("条款", "条", "第几条", "小标题", "章节", "article", "heading"),
}
_SOURCE = re.compile(r"^《(.+)》\s*(.*)$")
_NOTHING = frozenset({"", "无", "没有", "-", "—", "/", "\\", "none"})


class NoQuestionColumn(WaymarkError):
    """No row of the table is headed as questions are."""

    key: ClassVar[str] = "error.no_question_column"
    sentence: ClassVar[str] = (
        "{file} has no column of questions. Its first row should read: 问题, 资料, 条款"
        " (leave 资料 empty where nothing answers)."
    )


@dataclass(frozen=True)
class RowFlaw:
    """A row that cannot be used, and why."""

    where: str
    problem: Term


@dataclass(frozen=True)
class QuestionSheet:
    """What a table held; rows of the same question are one question with several sources."""

    questions: tuple[EvaluationQuestion, ...]
    flaws: tuple[RowFlaw, ...]


def questions_of(sheets: Sequence[Sheet], name: str) -> QuestionSheet:
    """The questions of a file's sheets, which `run_limited(SHEETS, content, name)` reads.

    Raises:
        NoQuestionColumn: no sheet has one.
    """
    found: dict[str, tuple[str, list[Relevant]]] = {}
    flaws: list[RowFlaw] = []
    headed = False
    for sheet in sheets:
        header = find_header(sheet.rows, _KNOWN)
        if header is None or "question" not in header.columns:
            continue
        headed = True
        for row in sheet.rows[header.first_row :]:
            cells = {field: _text(row, column) for field, column in header.columns.items()}
            if not any(cells.values()):
                continue
            where = next(cell.address for cell in row)
            flaw = _flaw(cells)
            if flaw is not None:
                flaws.append(RowFlaw(where, flaw))
                continue
            _where, wanted = found.setdefault(cells["question"], (where, []))
            wanted += [one for one in _relevant(cells) if one not in wanted]
    if not headed:
        raise NoQuestionColumn(file=name)
    asked = tuple(EvaluationQuestion(where, text, tuple(wanted)) for text, (where, wanted) in found.items())
    return QuestionSheet(asked, tuple(flaws))


def _text(row: list[Cell], column: int) -> str:
    return row[column].text.strip() if column < len(row) else ""


def _flaw(cells: dict[str, str]) -> Term | None:
    if not cells["question"]:
        return Term("there is no question", "problem.no_question")
    if cells.get("article", "") not in _NOTHING and cells.get("title", "") in _NOTHING:
        return Term("an article without its document", "problem.article_without_title")
    return None


def _relevant(cells: dict[str, str]) -> list[Relevant]:
    """《title》第几条 in one cell is read too; several stand a line each."""
    title, article = cells.get("title", ""), cells.get("article", "")
    if title in _NOTHING:
        return []
    named = []
    for line in filter(None, map(str.strip, re.split(r"[\n;；]", title))):
        source = _SOURCE.match(line)
        inside, place = (source[1], source[2]) if source else (line, "")
        named.append(Relevant(inside, place or ("" if article in _NOTHING else article)))
    return named
