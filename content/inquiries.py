"""Questions that the library could not answer, passed on to organisers; who asked is not shown to them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
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
# What is said around a question and changes nothing in it; 不, 没 and 能 are not among them.
_POLITE = re.compile(
    r"^(请问|想问一?下?|问一?下|老师好|老师|你好|您好)+|(吗|嘛|呢|啊|呀|吧|呗|哦|谢谢|谢谢老师|老师)+$"
)


class Queued(Enum):
    """What passing a question on came to."""

    NEW = auto()
    JOINED = auto()  # the same question of somebody else waits already: one answer will answer both
    AGAIN = auto()  # the asker's own waits already


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


async def pass_on(
    session: AsyncSession, text: str, *, branch_id: int, asked_by: int, now: datetime
) -> tuple[Inquiry, Queued]:
    """Keep a question for the organisers of a branch; the same open question of the same person is kept once."""
    text = " ".join(text.split())[:MOST_CHARACTERS]
    same = await _waiting_alike(session, text, branch_id)
    own = next((row for row in same if row.asked_by == asked_by), None)
    if own is not None:
        return _inquiry(own), Queued.AGAIN
    row = InquiryRow(text=text, branch_id=branch_id, asked_by=asked_by, asked_at=now, state="open")
    session.add(row)
    await session.flush()
    return _inquiry(row), Queued.JOINED if same else Queued.NEW


async def open_inquiries(session: AsyncSession, branches: Iterable[int]) -> list[Inquiry]:
    """Those of these branches (an organiser's subtree) that wait for an answer, oldest first.

    The same question of several people of a branch stands there once, in the words of who asked first.
    """
    rows = await session.scalars(
        select(InquiryRow)
        .where(InquiryRow.state == "open", InquiryRow.branch_id.in_(list(branches)))
        .order_by(InquiryRow.asked_at, InquiryRow.id)
    )
    first: dict[tuple[int, str], InquiryRow] = {}
    for row in rows:
        first.setdefault((row.branch_id, _essence(row.text)), row)
    return [_inquiry(row) for row in first.values()]


async def inquiry_of(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Inquiry:
    """One question within an organiser's branches. Raises: InquiryUnknown."""
    return _inquiry(await _row(session, inquiry, branches))


async def answer(
    session: AsyncSession, inquiry: int, text: str, *, branches: Iterable[int], answered_by: int, now: datetime
) -> tuple[Inquiry, tuple[int, ...]]:
    """Keep an organiser's answer; returns also the people to be told, whom the organiser is not shown.

    Everybody of the branch whose same question waits is answered.

    Raises:
        InquiryUnknown: not in these branches.
    """
    row = await _row(session, inquiry, branches)
    answered = await _together(session, row)
    for one in answered:
        one.answer = text.strip()
        one.answered_by = answered_by
        one.answered_at = now
        one.state = "answered"
    await session.flush()
    return _inquiry(row), tuple(one.asked_by for one in answered)


async def close(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> tuple[Inquiry, tuple[int, ...]]:
    """Leave a question without an answer, whoever asked it; returns the people to be told. Raises: InquiryUnknown."""
    row = await _row(session, inquiry, branches)
    closed = await _together(session, row)
    for one in closed:
        one.state = "closed"
    await session.flush()
    return _inquiry(row), tuple(one.asked_by for one in closed)


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


async def _waiting_alike(session: AsyncSession, text: str, branch_id: int) -> list[InquiryRow]:
    """The open questions of a branch that ask the same, oldest first."""
    rows = await session.scalars(
        select(InquiryRow)
        .where(InquiryRow.branch_id == branch_id, InquiryRow.state == "open")
        .order_by(InquiryRow.asked_at, InquiryRow.id)
    )
    return [row for row in rows if _essence(row.text) == _essence(text)]


async def _together(session: AsyncSession, row: InquiryRow) -> list[InquiryRow]:
    """The question itself and those that ask the same and wait."""
    alike = await _waiting_alike(session, row.text, row.branch_id)
    return [row, *(one for one in alike if one.id != row.id)]


def _essence(text: str) -> str:
    """The question without signs, spaces and politeness; what has nothing else in it stays as it is."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))
    return _POLITE.sub("", letters) or letters or text


async def _row(session: AsyncSession, inquiry: int, branches: Iterable[int]) -> InquiryRow:
    row = await session.get(InquiryRow, inquiry)
    if row is None or row.branch_id not in set(branches):
        raise InquiryUnknown(inquiry=inquiry)
    return row


def _inquiry(row: InquiryRow) -> Inquiry:
    return Inquiry(InquiryId(row.id), row.text, row.branch_id, row.asked_at, row.state, row.answer, row.document_id)
