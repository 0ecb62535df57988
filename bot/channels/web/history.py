"""What was said on the page, kept so that a reload shows it again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.web.bodies import Content, PageMessage, content_of
from bot.tables import WebMessageRow

PAGE_LENGTH = 60
KEPT_FOR = timedelta(days=30)  # what was said in private is not kept longer than it helps
RESENT_WITHIN = 200  # a resend after a lost connection is looked for among this many messages of the chat


async def add_message(session: AsyncSession, chat_id: int, content: Content, *, now: datetime) -> PageMessage:
    """A new message under a number of its own."""
    row = WebMessageRow(chat_id=chat_id, sent_at=now, body=content.to_body())
    session.add(row)
    await session.flush()
    return _message(row)


async def is_first(session: AsyncSession, message: PageMessage) -> bool:
    """Whether nothing is kept that was said before it: the chat is new, or was forgotten."""
    before = select(WebMessageRow.id).where(WebMessageRow.chat_id == message.chat_id, WebMessageRow.id < message.id)
    return await session.scalar(before.limit(1)) is None


async def message_of(session: AsyncSession, chat_id: int, number: int) -> PageMessage | None:
    """The message if it is of this chat and still there."""
    row = await session.get(WebMessageRow, number)
    if row is None or row.chat_id != chat_id or row.body.get("deleted"):
        return None
    return _message(row)


async def change_message(session: AsyncSession, number: int, content: Content) -> PageMessage:
    """The same message with other content; a deleted one keeps its number and nothing else."""
    row = await session.get_one(WebMessageRow, number)
    row.body = content.to_body()
    await session.flush()
    return _message(row)


async def messages_of(
    session: AsyncSession, chat_id: int, *, before: int | None = None, limit: int = PAGE_LENGTH
) -> tuple[list[PageMessage], bool]:
    """The last messages (before a number), oldest first, and whether there are older ones."""
    query = select(WebMessageRow).where(WebMessageRow.chat_id == chat_id)
    if before is not None:
        query = query.where(WebMessageRow.id < before)
    rows = list(await session.scalars(query.order_by(WebMessageRow.id.desc()).limit(limit + 1)))
    shown = [_message(row) for row in reversed(rows[:limit]) if not row.body.get("deleted")]
    return shown, len(rows) > limit


async def message_sent_as(session: AsyncSession, chat_id: int, client: str) -> PageMessage | None:
    """The message that the page sent under this id of its own, if it came through before."""
    recent = await session.scalars(
        select(WebMessageRow)
        .where(WebMessageRow.chat_id == chat_id)
        .order_by(WebMessageRow.id.desc())
        .limit(RESENT_WITHIN)
    )
    return next((_message(row) for row in recent if row.body.get("client") == client), None)


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Remove what was said longer ago than it is kept."""
    await session.execute(delete(WebMessageRow).where(WebMessageRow.sent_at < now - KEPT_FOR))


async def forget_chat(session: AsyncSession, chat_id: int) -> None:
    """Remove everything that was said in the chat."""
    await session.execute(delete(WebMessageRow).where(WebMessageRow.chat_id == chat_id))


def _message(row: WebMessageRow) -> PageMessage:
    return PageMessage(row.id, row.chat_id, row.sent_at, content_of(row.body))
