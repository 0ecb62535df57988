"""Question banks as they are kept: imported with a plan first, linted, and retired question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NewType

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.banks import BankFile
from content.banks.lint import lint
from content.banks.question import Problem, Question, QuestionKind, problem
from content.banks.refusals import BankUnknown
from content.documents import passages_in_force
from content.passages import Basis
from content.tables import BankRow, QuestionRow

QuestionId = NewType("QuestionId", int)


@dataclass(frozen=True)
class Bank:
    """A bank with how many questions of it are asked."""

    id: int
    name: str
    questions: int
    added_at: datetime


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do; nothing has been kept yet."""

    bank: str
    new: tuple[Question, ...]
    duplicates: tuple[Problem, ...]
    rejected: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def summary(self) -> dict[str, Any]:
        """As `waymark questions import` prints it; rejected rows come first among the warnings."""
        return {
            "imported": len(self.new),
            "duplicates": len(self.duplicates),
            "rejected": len(self.rejected),
            "warnings": [found.row() for found in (*self.rejected, *self.warnings, *self.duplicates)],
        }


async def plan_import(
    session: AsyncSession, bank_file: BankFile, *, bank: str | None = None, today: date
) -> ImportPlan:
    """What importing this file into the bank (by default named like the file) would do."""
    name = (bank or bank_file.name).strip()[:200]
    known = {question.digest: question for question in await questions_of(session, name, missing_ok=True)}
    new: list[Question] = []
    duplicates: list[Problem] = []
    for question in bank_file.questions:
        other = known.setdefault(question.digest, question)
        if other is question:
            new.append(question)
        elif other.right == question.right:
            sentence = "This question is already there: {other}."
            duplicates.append(problem(question.where, "bank.duplicate", sentence, other=other.where))
        else:
            sentence = "The same question has another answer at {other}. Keep the right one."
            duplicates.append(problem(question.where, "bank.two_answers", sentence, other=other.where))
    suspicious = lint(new, await passages_in_force(session, today))
    return ImportPlan(name, tuple(new), tuple(duplicates), bank_file.rejected, (*bank_file.remarks, *suspicious))


async def apply_import(session: AsyncSession, plan: ImportPlan, *, added_by: int | None, now: datetime) -> Bank:
    """Keep the new questions of a plan; the same plan applied twice adds nothing the second time."""
    row = await session.scalar(select(BankRow).where(BankRow.name == plan.bank))
    if row is None:
        row = BankRow(name=plan.bank, added_at=now, added_by=added_by)
        session.add(row)
        await session.flush()
    there = set(await session.scalars(select(QuestionRow.digest).where(QuestionRow.bank_id == row.id)))
    session.add_all(_row(question, row.id) for question in plan.new if question.digest not in there)
    await session.flush()
    return next(bank for bank in await banks(session) if bank.id == row.id)


async def banks(session: AsyncSession) -> list[Bank]:
    """All banks by name."""
    rows = await session.execute(
        select(BankRow, func.count(QuestionRow.id))
        .outerjoin(QuestionRow, (QuestionRow.bank_id == BankRow.id) & QuestionRow.retired_at.is_(None))
        .group_by(BankRow.id, BankRow.name, BankRow.added_at, BankRow.added_by)
        .order_by(BankRow.name)
    )
    return [Bank(row.id, row.name, count, row.added_at) for row, count in rows]


async def questions_of(session: AsyncSession, bank: str, *, missing_ok: bool = False) -> list[Question]:
    """The questions of a bank that are asked, oldest first; `where` is `#` and the id. Raises: BankUnknown."""
    row = await session.scalar(select(BankRow).where(BankRow.name == bank))
    if row is None:
        if missing_ok:
            return []
        raise BankUnknown(bank=bank, known=", ".join(known.name for known in await banks(session)) or "-")
    rows = await session.scalars(
        select(QuestionRow)
        .where(QuestionRow.bank_id == row.id, QuestionRow.retired_at.is_(None))
        .order_by(QuestionRow.id)
    )
    return [question_of(row) for row in rows]


async def lint_bank(session: AsyncSession, bank: str, *, today: date) -> list[Problem]:
    """What looks wrong with a bank's questions, also against the documents in force. Raises: BankUnknown."""
    return lint(await questions_of(session, bank), await passages_in_force(session, today))


async def retire_questions(session: AsyncSession, questions: Sequence[QuestionId], *, now: datetime) -> None:
    """Ask them no more; what people answered stays."""
    for row in await session.scalars(select(QuestionRow).where(QuestionRow.id.in_(questions))):
        row.retired_at = now
    await session.flush()


def question_of(row: QuestionRow) -> Question:
    """The row as a value; `where` is `#` and the id."""
    return Question(
        QuestionKind(row.kind),
        row.stem,
        tuple(row.options),
        tuple(row.answer),
        f"#{row.id}",
        row.explanation,
        Basis(row.basis_title, row.basis_article) if row.basis_title and row.basis_article else None,
        tuple(row.stages),
        row.topic,
        row.difficulty,
    )


def _row(question: Question, bank: int) -> QuestionRow:
    return QuestionRow(bank_id=bank, digest=question.digest, retired_at=None, **columns(question))


def columns(question: Question) -> dict[str, Any]:
    """The question's own columns."""
    return {
        "kind": question.kind.value,
        "stem": question.stem,
        "options": list(question.options),
        "answer": list(question.answer),
        "explanation": question.explanation,
        "basis_title": question.basis.title if question.basis else None,
        "basis_article": question.basis.article if question.basis else None,
        "stages": list(question.stages),
        "topic": question.topic,
        "difficulty": question.difficulty,
    }
