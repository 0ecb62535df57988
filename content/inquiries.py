"""Questions that the library could not answer, passed on to organisers; who asked is not shown unless they agreed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import groupby
from typing import NewType

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.tables import InquiryRow
from records.tables import PersonRow
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
class Phrasing:
    """One way in which a question was asked; `id` is that of the first who asked it so."""

    id: InquiryId
    text: str


@dataclass(frozen=True)
class Inquiry:
    """What an organiser sees of a question; state is open, answered, published or closed.

    Attributes:
        text: as it was asked first.
        phrasings: every way in which it was asked, the first included.
        askers: how many people it is for.
        named: who of them agreed to be named.
    """

    id: InquiryId
    text: str
    branch_id: int
    asked_at: datetime
    state: str
    answer: str | None
    document: str | None
    phrasings: tuple[Phrasing, ...]
    askers: int
    named: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """Somebody who is to hear of it, and what they had asked; for the letter alone, never shown to an organiser."""

    person: int
    question: str


class InquiryUnknown(WaymarkError):
    """No such question, or one of another branch."""

    key = "error.inquiry_unknown"
    sentence = "There is no open question with number {inquiry}. See the list with /answer."


async def pass_on(
    session: AsyncSession, text: str, *, branch_id: int, asked_by: int, now: datetime
) -> tuple[Inquiry, Queued]:
    """Keep a question for the organisers of a branch; the same open question of the same person is kept once.

    Where somebody else's same question waits, it joins the group of that one.
    """
    text = " ".join(text.split())[:MOST_CHARACTERS]
    rows = await session.scalars(_in_order().where(InquiryRow.branch_id == branch_id, InquiryRow.state == "open"))
    same = [row for row in rows if essence(row.text) == essence(text)]
    own = next((row for row in same if row.asked_by == asked_by), None)
    if own is not None:
        return await _inquiry(session, own), Queued.AGAIN
    group = same[0].group_id if same else 0
    row = InquiryRow(
        text=text, branch_id=branch_id, asked_by=asked_by, asked_at=now, state="open", group_id=group, named=False
    )
    session.add(row)
    await session.flush()
    row.group_id = row.group_id or row.id
    await session.flush()
    return await _inquiry(session, row), Queued.JOINED if same else Queued.NEW


async def sign(session: AsyncSession, inquiry: int, *, asked_by: int, named: bool) -> bool:
    """Let organisers see who asked, or no longer; False where the asker has nothing that waits in this group."""
    row = await session.get(InquiryRow, inquiry)
    own = [one for one in await together(session, row) if one.asked_by == asked_by] if row is not None else []
    for one in own:
        one.named = named
    await session.flush()
    return any(one.state == "open" for one in own)


async def open_inquiries(session: AsyncSession, branches: Iterable[int]) -> list[Inquiry]:
    """Those of these branches (an organiser's subtree) that wait for an answer, oldest first, a group as one."""
    rows = await session.scalars(
        _in_order().where(InquiryRow.state == "open", InquiryRow.branch_id.in_(list(branches)))
    )
    names = await _names(session)
    groups = groupby(sorted(rows, key=lambda row: row.group_id), key=lambda row: row.group_id)
    found = [_of_group(list(group), names) for _, group in groups]
    return sorted(found, key=lambda one: (one.asked_at, one.id))


async def inquiry_of(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> Inquiry:
    """One question within an organiser's branches, with its group. Raises: InquiryUnknown."""
    return await _inquiry(session, await row_of(session, inquiry, branches))


async def merge(session: AsyncSession, one: int, other: int, *, branches: Iterable[int]) -> Inquiry:
    """Let two waiting questions of a branch be one from now on.

    Raises:
        InquiryUnknown: not in these branches, not of one branch, or one of them waits no more.
    """
    within = list(branches)
    first, second = [await row_of(session, inquiry, within) for inquiry in (one, other)]
    if first.branch_id != second.branch_id or {first.state, second.state} != {"open"}:
        raise InquiryUnknown(inquiry=other)
    for row in await together(session, second):
        row.group_id = first.group_id
    await session.flush()
    return await _inquiry(session, first)


async def take_out(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> tuple[Inquiry, Inquiry]:
    """Let one phrasing, whoever asked it so, be a question of its own again. Returns it and what the group is now.

    Raises:
        InquiryUnknown: not in these branches, not waiting, or alone already.
    """
    row = await row_of(session, inquiry, branches)
    group = await together(session, row)
    left = [one for one in group if essence(one.text) != essence(row.text)]
    if row.state != "open" or not left:
        raise InquiryUnknown(inquiry=inquiry)
    for part in (left, [one for one in group if one not in left]):
        for one in part:
            one.group_id = part[0].id
    await session.flush()
    return await _inquiry(session, row), await _inquiry(session, left[0])


async def answer(
    session: AsyncSession, inquiry: int, text: str, *, branches: Iterable[int], answered_by: int, now: datetime
) -> tuple[Inquiry, tuple[Told, ...]]:
    """Keep an organiser's answer to the whole group; returns also whom to tell, whom the organiser is not shown.

    Raises:
        InquiryUnknown: not in these branches, or it waits no more.
    """
    row = await _waiting(session, inquiry, branches)
    answered = await together(session, row)
    for one in answered:
        one.answer = text.strip()
        one.answered_by = answered_by
        one.answered_at = now
        one.state = "answered"
    await session.flush()
    return await _inquiry(session, row), _told(answered)


async def close(session: AsyncSession, inquiry: int, *, branches: Iterable[int]) -> tuple[Inquiry, tuple[Told, ...]]:
    """Leave a group without an answer; returns whom to tell. Raises: InquiryUnknown, as `answer`."""
    row = await _waiting(session, inquiry, branches)
    closed = await together(session, row)
    for one in closed:
        one.state = "closed"
    await session.flush()
    return await _inquiry(session, row), _told(closed)


def essence(text: str) -> str:
    """The question without signs, spaces and politeness; what has nothing else in it stays as it is."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))
    return _POLITE.sub("", letters) or letters or text


async def row_of(session: AsyncSession, inquiry: int, branches: Iterable[int]) -> InquiryRow:
    """The stored question. Raises: InquiryUnknown."""
    row = await session.get(InquiryRow, inquiry)
    if row is None or row.branch_id not in set(branches):
        raise InquiryUnknown(inquiry=inquiry)
    return row


async def together(session: AsyncSession, row: InquiryRow) -> list[InquiryRow]:
    """The question and those of its group that stand where it stands, oldest first."""
    same = InquiryRow.group_id == row.group_id, InquiryRow.branch_id == row.branch_id, InquiryRow.state == row.state
    return list(await session.scalars(_in_order().where(*same)))


async def _waiting(session: AsyncSession, inquiry: int, branches: Iterable[int]) -> InquiryRow:
    row = await row_of(session, inquiry, branches)
    if row.state != "open":
        raise InquiryUnknown(inquiry=inquiry)
    return row


def _in_order() -> Select[InquiryRow]:
    return select(InquiryRow).order_by(InquiryRow.asked_at, InquiryRow.id)


def _told(rows: Sequence[InquiryRow]) -> tuple[Told, ...]:
    """Everybody once, with what they asked first."""
    first: dict[int, str] = {}
    for row in rows:
        first.setdefault(row.asked_by, row.text)
    return tuple(Told(person, question) for person, question in first.items())


async def _inquiry(session: AsyncSession, row: InquiryRow) -> Inquiry:
    return _of_group(await together(session, row), await _names(session))


async def _names(session: AsyncSession) -> dict[int, str]:
    """Who asked something and agreed to be named."""
    signed = select(InquiryRow.asked_by).where(InquiryRow.named)
    found = await session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(signed)))
    return {row.id: row.name for row in found}


def _of_group(rows: Sequence[InquiryRow], names: dict[int, str]) -> Inquiry:
    first = rows[0]
    said: dict[str, Phrasing] = {}
    for row in rows:
        said.setdefault(essence(row.text), Phrasing(InquiryId(row.id), row.text))
    return Inquiry(
        id=InquiryId(first.id),
        text=first.text,
        branch_id=first.branch_id,
        asked_at=first.asked_at,
        state=first.state,
        answer=first.answer,
        document=first.document_id,
        phrasings=tuple(said.values()),
        askers=len({row.asked_by for row in rows}),
        named=tuple(dict.fromkeys(names[row.asked_by] for row in rows if row.named and row.asked_by in names)),
    )
