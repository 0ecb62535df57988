"""Which passages answer, and which did not help: per passage and without people, told only where many agree."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from content.passages import PassageId
from content.tables import DocumentRow, PassageRow, UnhelpfulRow
from records.statistics import K
from storage.settings import get_setting, put_setting

COUNTED_DAYS = 180
_SECRET = "library.unhelpful"  # noqa: S105 (the name of the setting)


@dataclass(frozen=True)
class Unhelpful:
    """A passage that did not help, in the words of at least ten different people."""

    title: str
    article: str | None
    headings: tuple[str, ...]
    people: int


async def not_yet_cited(session: AsyncSession, passages: Sequence[int], *, on: date) -> list[int]:
    """Those of the passages of which it is not yet known that they were cited on this day."""
    wanted = select(PassageRow.id).where(PassageRow.id.in_(list(passages)), _before(on)).order_by(PassageRow.id)
    return list(await session.scalars(wanted))


async def note_cited(session: AsyncSession, passages: Sequence[int], *, on: date) -> None:
    """Passages were quoted on this day; to whom is not kept."""
    await session.execute(update(PassageRow).where(PassageRow.id.in_(list(passages)), _before(on)).values(cited_on=on))


async def note_unhelpful(session: AsyncSession, passages: Iterable[int], *, person: int, on: date) -> None:
    """A person was not helped by these passages; kept under a keyed hash that differs from passage to passage."""
    key = await _key(session)
    there = list(await session.scalars(select(PassageRow.id).where(PassageRow.id.in_(list(passages)))))
    for passage in there:
        token = _token(key, passage, person)
        known = select(UnhelpfulRow).where(UnhelpfulRow.passage_id == passage, UnhelpfulRow.asker == token)
        row = await session.scalar(known)
        if row is None:
            session.add(UnhelpfulRow(passage_id=passage, asker=token, on=on))
        else:
            row.on = on
    await session.flush()


async def unhelpful(session: AsyncSession, *, on: date, k: int = K) -> list[Unhelpful]:
    """The passages that did not help `k` people or more of late, most people first; fewer are never told."""
    people = func.count(UnhelpfulRow.id)
    rows = await session.execute(
        select(DocumentRow.title, PassageRow.article, PassageRow.headings, people.label("people"))
        .join(PassageRow, PassageRow.id == UnhelpfulRow.passage_id)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .where(UnhelpfulRow.on > on - timedelta(days=COUNTED_DAYS), DocumentRow.state == "published")
        .group_by(PassageRow.id, DocumentRow.id)
        .having(people >= k)
        .order_by(people.desc(), DocumentRow.title, PassageRow.ordinal)
    )
    return [Unhelpful(row.title, row.article, tuple(row.headings), row.people) for row in rows]


async def unhelpful_to(session: AsyncSession, person: int) -> list[tuple[PassageId, date]]:
    """Which passages a person marked, and when; found again by asking every passage that anybody marked."""
    return [(PassageId(row.passage_id), row.on) for row in await _own(session, person)]


async def forget_unhelpful_to(session: AsyncSession, person: int) -> int:
    """Take a person's marks back. Returns how many there were."""
    rows = await _own(session, person)
    for row in rows:
        await session.delete(row)
    await session.flush()
    return len(rows)


async def forget_old(session: AsyncSession, *, on: date) -> int:
    """Drop the marks that are counted no more. Returns how many."""
    old = delete(UnhelpfulRow).where(UnhelpfulRow.on <= on - timedelta(days=COUNTED_DAYS))
    result = await session.execute(old)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def _own(session: AsyncSession, person: int) -> list[UnhelpfulRow]:
    key = await _key(session, make=False)
    if not key:
        return []
    marked = await session.scalars(select(UnhelpfulRow.passage_id).distinct())
    tokens = [_token(key, passage, person) for passage in marked]
    return list(await session.scalars(select(UnhelpfulRow).where(UnhelpfulRow.asker.in_(tokens))))


async def _key(session: AsyncSession, *, make: bool = True) -> str:
    key = await get_setting(session, _SECRET)
    if isinstance(key, str):
        return key
    if make:
        key = secrets.token_urlsafe(32)
        await put_setting(session, _SECRET, key)
        return key
    return ""


def _token(key: str, passage: int, person: int) -> str:
    return hmac.new(key.encode(), f"{passage}:{person}".encode(), hashlib.sha256).hexdigest()


def _before(on: date) -> ColumnElement[bool]:
    return or_(PassageRow.cited_on.is_(None), PassageRow.cited_on < on)
