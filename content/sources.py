"""From a quiz question to itself again, and to the passage that decides it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from content.documents import by_title, passages_of
from content.passages import Basis, PassageId
from content.practice import Exercise, QuestionGone
from content.questions import QuestionId, question_of
from content.tables import QuestionRow


async def exercise_of(session: AsyncSession, question: int) -> Exercise:
    """The question of that id as it is asked. Raises: QuestionGone."""
    row = await session.get(QuestionRow, question)
    if row is None or row.retired_at is not None:
        raise QuestionGone
    return Exercise(QuestionId(row.id), question_of(row), None)


async def basis_passage(session: AsyncSession, basis: Basis | None, *, on: date) -> PassageId | None:
    """The article that a question rests on, where its text is in the library and in force; else None."""
    document = await by_title(session, basis.title, on=on) if basis is not None else None
    if basis is None or document is None or document.state != "published":
        return None
    return next(
        (one.id for one in await passages_of(session, document.id) if one.content.article == basis.article), None
    )
