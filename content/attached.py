"""Questions that organisers found answered by an article: indexed with it, in this edition and in later ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.anticipated import anticipated
from content.tables import AttachedQuestionRow, DocumentRow, PassageRow


class Attached:
    """What stands with the passages of one text: the questions that are shipped, and the organisers' own."""

    def __init__(self, title: str, own: dict[str, list[str]]) -> None:
        self._title, self._own = title, own

    def of(self, article: str | None, headings: Sequence[str]) -> list[str]:
        """The questions that a passage with this article, or else under this heading, answers; each once."""
        shipped = anticipated().of(self._title, article, headings)
        return list(dict.fromkeys([*shipped, *self._own.get(place_of(article, headings), [])]))


async def attached_to(session: AsyncSession, series: str, title: str) -> Attached:
    """What stands with the passages of a text, whichever edition."""
    rows = await session.scalars(
        select(AttachedQuestionRow).where(AttachedQuestionRow.series == series).order_by(AttachedQuestionRow.id)
    )
    own: dict[str, list[str]] = {}
    for row in rows:
        own.setdefault(row.place, []).append(row.question)
    return Attached(title, own)


async def attach(
    session: AsyncSession,
    series: str,
    place: str,
    questions: Iterable[str],
    *,
    added_by: int | None,
    now: datetime,
) -> int:
    """Let an article (or heading) of a text answer these questions, in all its editions; returns how many are new.

    The caller counts the change (`library.touch`).
    """
    known = select(AttachedQuestionRow.question).where(
        AttachedQuestionRow.series == series, AttachedQuestionRow.place == place
    )
    there = set(await session.scalars(known))
    new = [question for question in dict.fromkeys(questions) if question not in there]
    session.add_all(
        AttachedQuestionRow(series=series, place=place, question=question, added_at=now, added_by=added_by)
        for question in new
    )
    await session.flush()
    if new:
        await _give_all(session, series)
    return len(new)


async def detach(session: AsyncSession, series: str, place: str, questions: Sequence[str]) -> int:
    """Take attached questions back; returns how many there were. The caller counts the change."""
    gone = delete(AttachedQuestionRow).where(
        AttachedQuestionRow.series == series,
        AttachedQuestionRow.place == place,
        AttachedQuestionRow.question.in_(list(questions)),
    )
    result = await session.execute(gone)
    await _give_all(session, series)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def give(session: AsyncSession, document: DocumentRow) -> int:
    """Bring the questions of a document's passages up to date; returns how many passages changed."""
    wanted = await attached_to(session, document.series, document.title)
    changed = 0
    for row in await session.scalars(select(PassageRow).where(PassageRow.document_id == document.id)):
        questions = wanted.of(row.article, row.headings)
        if row.questions != questions:
            row.questions = questions
            changed += 1
    if changed:
        document.attached += 1
    await session.flush()
    return changed


async def _give_all(session: AsyncSession, series: str) -> None:
    for document in await session.scalars(select(DocumentRow).where(DocumentRow.series == series)):
        await give(session, document)


def place_of(article: str | None, headings: Sequence[str]) -> str:
    """By what a passage is found again in another edition: its article, else its innermost heading."""
    return article or (headings[-1] if headings else "")
