"""Questions that the library could not answer, passed on to organisers; who asked is not shown to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from content.library import SCHOOL_ZONE, Document, add
from content.library import publish as publish_document
from content.passages import DocumentKind, Level, PassageText
from content.readers.source import ParsedDocument
from content.tables import InquiryRow
from storage.errors import WaymarkError

InquiryId = NewType("InquiryId", int)
MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Inquiry:
    """What an organiser sees of a question; state is open, answered, published or closed."""

    id: InquiryId
    text: str
    branch_id: int
    asked_at: datetime
    state: str
    answer: str | None
    document: str | None


class InquiryUnknown(WaymarkError):
    """No such question, or one of another branch."""

    key = "error.inquiry_unknown"
    sentence = "There is no open question with number {inquiry}. See the list with /answer."


class InquiryNotAnswered(WaymarkError):
    """Only an answered question can become part of the library."""

    key = "error.inquiry_not_answered"
    sentence = "Question {inquiry} has no answer yet. Answer it first, then publish it."


async def pass_on(session: AsyncSession, text: str, *, branch_id: int, asked_by: int, now: datetime) -> Inquiry:
    """Keep a question for the organisers of a branch; the same open question of the same person is kept once."""
    text = " ".join(text.split())[:MOST_CHARACTERS]
    row = await session.scalar(
        select(InquiryRow).where(InquiryRow.asked_by == asked_by, InquiryRow.text == text, InquiryRow.state == "open")
    )
    if row is None:
        row = InquiryRow(text=text, branch_id=branch_id, asked_by=asked_by, asked_at=now, state="open")
        session.add(row)
        await session.flush()
    return _inquiry(row)


async def open_inquiries(session: AsyncSession, branches: Iterable[int]) -> list[Inquiry]:
    """Those of these branches (an organiser's subtree) that wait for an answer, oldest first."""
    rows = await session.scalars(
        select(InquiryRow)
        .where(InquiryRow.state == "open", InquiryRow.branch_id.in_(list(branches)))
        .order_by(InquiryRow.asked_at, InquiryRow.id)
    )
    return [_inquiry(row) for row in rows]


async def inquiry_of(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Inquiry:
    """One question within an organiser's branches. Raises: InquiryUnknown."""
    return _inquiry(await _row(session, inquiry, branches))


async def answer(
    session: AsyncSession, inquiry: int, text: str, *, branches: Iterable[int], answered_by: int, now: datetime
) -> tuple[Inquiry, int]:
    """Keep an organiser's answer; returns also the person to be told, whom the organiser is not shown.

    Raises:
        InquiryUnknown: not in these branches.
    """
    row = await _row(session, inquiry, branches)
    row.answer = text.strip()
    row.answered_by = answered_by
    row.answered_at = now
    row.state = "answered"
    await session.flush()
    return _inquiry(row), row.asked_by


async def close(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Inquiry:
    """Leave a question without an answer. Raises: InquiryUnknown."""
    row = await _row(session, inquiry, branches)
    row.state = "closed"
    await session.flush()
    return _inquiry(row)


async def draft_faq(
    session: AsyncSession, inquiry: int, *, branches: Iterable[int], added_by: int, now: datetime
) -> Document:
    """Make question and answer a draft document; it answers nothing before `publish_faq`.

    Raises:
        InquiryUnknown, InquiryNotAnswered
    """
    row = await _row(session, inquiry, branches)
    if not row.answer:
        raise InquiryNotAnswered(inquiry=inquiry)
    passage = PassageText((row.text,), None, row.answer, level=Level.SCHOOL)
    document = await add(
        session,
        ParsedDocument(row.text[:100], (passage,)),
        file_name=f"inquiry-{row.id}.md",
        content=f"# {row.text}\n\n{row.answer}\n".encode(),
        kind=DocumentKind.FAQ,
        stages=(),
        effective_from=now.astimezone(SCHOOL_ZONE).date(),
        replaces=row.document_id,
        added_by=added_by,
        now=now,
        publish=False,
    )
    row.document_id = document.id
    await session.flush()
    return document


async def publish_faq(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Document:
    """Confirm the draft: from now on it answers. Raises: InquiryUnknown, InquiryNotAnswered."""
    row = await _row(session, inquiry, branches)
    if row.document_id is None:
        raise InquiryNotAnswered(inquiry=inquiry)
    row.state = "published"
    return await publish_document(session, row.document_id)


async def _row(session: AsyncSession, inquiry: int, branches: Iterable[int]) -> InquiryRow:
    row = await session.get(InquiryRow, inquiry)
    if row is None or row.branch_id not in set(branches):
        raise InquiryUnknown(inquiry=inquiry)
    return row


def _inquiry(row: InquiryRow) -> Inquiry:
    return Inquiry(InquiryId(row.id), row.text, row.branch_id, row.asked_at, row.state, row.answer, row.document_id)
