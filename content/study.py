"""The study cards of a person, day by day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from content.documents import documents, passages_in_force, passages_of
from content.passages import DocumentKind, Passage
from content.selection import Candidate, Response, Shown, choose
from content.shelf import step_of
from content.tables import ReadingRow
from storage.errors import WaymarkError


@dataclass(frozen=True)
class Card:
    """A passage to read; `ordinal` 0 is the day's card, 1… those asked for instead."""

    day: date
    ordinal: int
    passage: Passage
    response: Response | None


class CardGone(WaymarkError):
    """A button below a card that was never shown to this person, or whose document is gone."""

    key = "error.card_gone"
    sentence = "This card is no longer there. Ask for today's with /today."


async def today_card(
    session: AsyncSession,
    person: int,
    *,
    stage: str,
    day: date,
    now: datetime,
    behind: Collection[str] = (),
    pool: Sequence[Candidate] | None = None,
) -> Card | None:
    """The day's card, which stays the same all day; None where nothing fits the stage.

    Args:
        behind: steps that lie behind the person.
        pool: `candidates(session, day)`, given by who makes cards for many people.
    """
    there = await _newest(session, person, day)
    if there is not None:
        card = await _card(session, there)
        if card is not None:
            return card
    return await _show(
        session,
        person,
        stage=stage,
        day=day,
        ordinal=there.ordinal + 1 if there else 0,
        now=now,
        behind=behind,
        pool=pool,
    )


async def card_to_read(
    session: AsyncSession, person: int, *, stage: str, day: date, now: datetime, behind: Collection[str] = ()
) -> Card | None:
    """The day's card; once it was answered the next one, as long as there is one that was not shown today."""
    card = await today_card(session, person, stage=stage, day=day, now=now, behind=behind)
    if card is None or card.response is None:
        return card
    return await another_card(session, person, card.ordinal, stage=stage, day=day, now=now, behind=behind) or card


async def another_card(
    session: AsyncSession,
    person: int,
    ordinal: int,
    *,
    stage: str,
    day: date,
    now: datetime,
    behind: Collection[str] = (),
) -> Card | None:
    """A card instead of that one (换一个); pressed twice it gives the same. Raises: CardGone."""
    row = await _row(session, person, day, ordinal)
    if row.response is None:
        row.response = Response.ANOTHER.value
    newest = await _newest(session, person, day)
    if newest is not None and newest.ordinal > ordinal and (card := await _card(session, newest)) is not None:
        return card
    return await _show(session, person, stage=stage, day=day, ordinal=ordinal + 1, now=now, behind=behind)


async def respond(session: AsyncSession, person: int, ordinal: int, response: Response, *, day: date) -> Card:
    """Keep what a person said of a card; the last word counts. Raises: CardGone."""
    row = await _row(session, person, day, ordinal)
    row.response = response.value
    await session.flush()
    card = await _card(session, row)
    if card is None:
        raise CardGone
    return card


async def history_of(session: AsyncSession, person: int) -> list[Shown]:
    """Every card that was shown to a person, oldest first."""
    rows = await session.scalars(
        select(ReadingRow).where(ReadingRow.person_id == person).order_by(ReadingRow.day, ReadingRow.ordinal)
    )
    return [
        Shown(_series(row.document_id), row.passage_ordinal, row.day, Response(row.response) if row.response else None)
        for row in rows
    ]


async def candidates(session: AsyncSession, on: date) -> list[Candidate]:
    """What may be a card on this day; the pool of one day serves everybody who gets a card."""
    known = {
        document.id: document
        for document in await documents(session, states=("published",))
        if document.stages or document.kind is not DocumentKind.OFFICIAL  # an official text is a card only if asked for
    }
    found = []
    for passage in await passages_in_force(session, on, documents=known):
        document = known[passage.document]
        order = document.file_name or document.title
        found.append(Candidate(document.series, order, document.stages, passage, step_of(document)))
    return found


async def _show(
    session: AsyncSession,
    person: int,
    *,
    stage: str,
    day: date,
    ordinal: int,
    now: datetime,
    behind: Collection[str],
    pool: Sequence[Candidate] | None = None,
) -> Card | None:
    pool = await candidates(session, day) if pool is None else pool
    chosen = choose(pool, await history_of(session, person), person=person, stage=stage, day=day, behind=behind)
    if chosen is None:
        return None
    session.add(
        ReadingRow(
            person_id=person,
            day=day,
            ordinal=ordinal,
            document_id=chosen.passage.document,
            passage_ordinal=chosen.passage.ordinal,
            shown_at=now,
            response=None,
        )
    )
    await session.flush()
    return Card(day, ordinal, chosen.passage, None)


async def _newest(session: AsyncSession, person: int, day: date) -> ReadingRow | None:
    found: ReadingRow | None = await session.scalar(
        select(ReadingRow)
        .where(ReadingRow.person_id == person, ReadingRow.day == day)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
    )
    return found


async def _row(session: AsyncSession, person: int, day: date, ordinal: int) -> ReadingRow:
    row = await session.scalar(
        select(ReadingRow).where(ReadingRow.person_id == person, ReadingRow.day == day, ReadingRow.ordinal == ordinal)
    )
    if row is None:
        raise CardGone
    return row


async def _card(session: AsyncSession, row: ReadingRow) -> Card | None:
    for passage in await passages_of(session, row.document_id):
        if passage.ordinal == row.passage_ordinal:
            return Card(row.day, row.ordinal, passage, Response(row.response) if row.response else None)
    return None


def _series(document: str) -> str:
    return document.rpartition("-")[0]
