"""Quiz questions for one person: what is due again first, then something new of their stage. Nobody is ranked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fsrs import Card, Rating, Scheduler
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.banks.question import Question
from content.questions import QuestionId, question_of
from content.tables import PracticeRow, QuestionRow
from storage.errors import WaymarkError

# Short steps of minutes make no sense in a messenger, where the next quiz is hours away.
_STEPS = (timedelta(hours=4),)
# Half a year is as long as anything in this process is out of sight.
_LONGEST_DAYS = 180


@dataclass(frozen=True)
class Exercise:
    """A question for a person; `due_at` is None where they have not met it yet."""

    id: QuestionId
    question: Question
    due_at: datetime | None


@dataclass(frozen=True)
class Graded:
    """How an answer was, and when the question comes again."""

    id: QuestionId
    question: Question
    correct: bool
    due_at: datetime


class QuestionGone(WaymarkError):
    """It was retired or its bank deleted while somebody was thinking."""

    key = "error.question_gone"
    sentence = "This question is no longer asked. Ask for another with /quiz."


async def next_question(
    session: AsyncSession, person: int, *, stage: str, now: datetime, besides: Collection[int] = ()
) -> Exercise | None:
    """The question to ask now, none of `besides`; None where nothing is due and nothing is new.

    Due ones come oldest first; new ones easiest first, those of the person's stage before those for everybody.
    """
    due = await session.execute(
        select(QuestionRow, PracticeRow.due_at)
        .join(PracticeRow, PracticeRow.question_id == QuestionRow.id)
        .where(
            PracticeRow.person_id == person,
            PracticeRow.due_at <= now,
            QuestionRow.retired_at.is_(None),
            QuestionRow.id.not_in(besides),
        )
        .order_by(PracticeRow.due_at, PracticeRow.id)
        .limit(1)
    )
    if found := due.one_or_none():
        row, due_at = found
        return Exercise(QuestionId(row.id), question_of(row), due_at)
    new = await _new(session, person, stage, besides)
    return None if new is None else Exercise(QuestionId(new.id), question_of(new), None)


async def grade(session: AsyncSession, person: int, question: int, chosen: Collection[int], *, now: datetime) -> Graded:
    """Take an answer (positions of options) and move the question's memory card. Raises: QuestionGone."""
    row = await session.get(QuestionRow, question)
    if row is None:
        raise QuestionGone
    correct = set(chosen) == set(row.answer)
    practice = await session.scalar(
        select(PracticeRow).where(PracticeRow.person_id == person, PracticeRow.question_id == question)
    )
    if practice is None:
        practice = PracticeRow(person_id=person, question_id=question, card=_fresh(question, now), due_at=now)
        session.add(practice)
    practice.card = reviewed(practice.card, correct=correct, now=now)
    practice.due_at = Card.from_dict(_typed(practice.card)).due
    practice.answered_at = now
    practice.correct = correct
    await session.flush()
    return Graded(QuestionId(question), question_of(row), correct, practice.due_at)


async def due_count(session: AsyncSession, person: int, *, now: datetime) -> int:
    """How many questions wait to be asked again."""
    return (
        await session.scalar(
            select(func.count())
            .select_from(PracticeRow)
            .join(QuestionRow, QuestionRow.id == PracticeRow.question_id)
            .where(PracticeRow.person_id == person, PracticeRow.due_at <= now, QuestionRow.retired_at.is_(None))
        )
        or 0
    )


def reviewed(card: dict[str, Any], *, correct: bool, now: datetime) -> dict[str, Any]:
    """The memory card after an answer; without chance, so that two machines agree."""
    scheduler = Scheduler(
        learning_steps=_STEPS, relearning_steps=_STEPS, maximum_interval=_LONGEST_DAYS, enable_fuzzing=False
    )
    moved, _ = scheduler.review_card(Card.from_dict(_typed(card)), Rating.Good if correct else Rating.Again, now)
    return dict(moved.to_dict())


def _fresh(question: int, now: datetime) -> dict[str, Any]:
    return dict(Card(card_id=question, due=now).to_dict())


def _typed(card: dict[str, Any]) -> Any:
    """fsrs declares its own typed dictionary."""
    return card


async def _new(session: AsyncSession, person: int, stage: str, besides: Collection[int]) -> QuestionRow | None:
    met = exists().where(PracticeRow.question_id == QuestionRow.id, PracticeRow.person_id == person)
    rows = (
        await session.execute(
            select(QuestionRow.id, QuestionRow.stages, QuestionRow.difficulty).where(
                QuestionRow.retired_at.is_(None), ~met, QuestionRow.id.not_in(besides)
            )
        )
    ).all()
    fitting = [(0 if stages else 1, difficulty, id) for id, stages, difficulty in rows if not stages or stage in stages]
    return await session.get(QuestionRow, min(fitting)[2]) if fitting else None
