"""What of a new text stands in the library already, nearly word for word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import place_of
from content.library import STARTER
from content.overlap import Overlap, differences, overlaps
from content.passages import DocumentId, PassageId, PassageText
from content.tables import DocumentRow, PassageRow


@dataclass(frozen=True)
class Stands:
    """A passage that stands in the library: of which document, under which article or heading, saying what."""

    document: DocumentId
    series: str
    title: str
    place: str
    text: str


@dataclass(frozen=True)
class Near:
    """A passage (by article or heading) that is nearly one of the library; `changes` are (there, here) in order."""

    place: str
    there: Stands
    changes: tuple[tuple[str, str], ...]


_AT_ONCE = 500  # passages that are looked up in one step


async def standing(session: AsyncSession, among: Iterable[PassageId], *, on: date) -> list[Stands]:
    """Those passages that are of the organisation's own documents and answer on this day or will; none of ours."""
    wanted = sorted(among)
    found: list[Stands] = []
    for at in range(0, len(wanted), _AT_ONCE):
        found += await _standing(session, wanted[at : at + _AT_ONCE], on)
    return found


async def _standing(session: AsyncSession, among: Sequence[PassageId], on: date) -> list[Stands]:
    rows = await session.execute(
        select(
            DocumentRow.id,
            DocumentRow.series,
            DocumentRow.title,
            DocumentRow.file_name,
            PassageRow.article,
            PassageRow.headings,
            PassageRow.text,
        )
        .join(PassageRow, PassageRow.document_id == DocumentRow.id)
        .where(
            PassageRow.id.in_(among),
            DocumentRow.state == "published",
            or_(DocumentRow.effective_until.is_(None), DocumentRow.effective_until > on),
        )
        .order_by(DocumentRow.id, PassageRow.ordinal)
    )
    return [
        Stands(DocumentId(row.id), row.series, row.title, place_of(row.article, row.headings), row.text)
        for row in rows
        if not (row.file_name or "").startswith(STARTER)
    ]


def near_to(passages: Sequence[PassageText], there: Sequence[Stands]) -> list[Near]:
    """Those of the passages that nearly stand there, each with the nearest."""
    found = overlaps([one.text for one in passages], [one.text for one in there])
    return [_near(passages[one.one], there[one.other], one) for one in found]


def _near(passage: PassageText, there: Stands, found: Overlap) -> Near:
    changes = () if found.share == 1 else tuple(differences(there.text, passage.text))
    return Near(place_of(passage.article, passage.headings), there, changes)
