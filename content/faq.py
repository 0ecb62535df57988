"""From an organiser's answer to a page of the library: a draft first, which answers once it is confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import attach
from content.inquiries import inquiry_of, row_of, together
from content.library import Document, add, publish
from content.passages import DocumentKind, Level, PassageText
from content.readers.source import ParsedDocument
from storage.errors import WaymarkError


class InquiryNotAnswered(WaymarkError):
    """Only an answered question can become part of the library."""

    key = "error.inquiry_not_answered"
    sentence = "Question {inquiry} has no answer yet. Answer it first, then publish it."


async def draft_faq(
    session: AsyncSession, inquiry: int, *, branches: Iterable[int], added_by: int, now: datetime, today: date
) -> Document:
    """Make a question and its answer a draft document, to be found by every phrasing; it answers nothing yet.

    Raises:
        InquiryUnknown, InquiryNotAnswered
    """
    within = list(branches)
    row, asked = await row_of(session, inquiry, within), await inquiry_of(session, inquiry, branches=within)
    if not asked.answer:
        raise InquiryNotAnswered(inquiry=inquiry)
    document = await add(
        session,
        ParsedDocument(asked.text[:100], (PassageText((asked.text,), None, asked.answer, level=Level.SCHOOL),)),
        file_name=f"inquiry-{asked.id}.md",
        content=f"# {asked.text}\n\n{asked.answer}\n".encode(),
        kind=DocumentKind.FAQ,
        stages=(),
        effective_from=today,
        replaces=asked.document,
        added_by=added_by,
        now=now,
        today=today,
        publish=False,
    )
    others = [phrasing.text for phrasing in asked.phrasings if phrasing.text != asked.text]
    await attach(session, document.series, asked.text, others, added_by=added_by, now=now)
    for one in await together(session, row):
        one.document_id = document.id
    await session.flush()
    return document


async def publish_faq(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Document:
    """Confirm the draft: from now on it answers. Raises: InquiryUnknown, InquiryNotAnswered."""
    row = await row_of(session, inquiry, branches)
    if row.document_id is None:
        raise InquiryNotAnswered(inquiry=inquiry)
    for one in await together(session, row):
        one.state = "published"
    return await publish(session, row.document_id)
