"""Who looked at whose record: written down for the one who was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from records.people import PersonId
from records.tables import AccessRow, PersonRow


class Looked(StrEnum):
    """What was looked at."""

    RECORD = "record"
    DATES = "dates"
    EXPORT = "export"
    ROSTER = "roster"


@dataclass(frozen=True)
class Look:
    """One look; `viewer` is None when it was the operator's command line."""

    viewer: PersonId | None
    viewer_name: str | None
    what: Looked
    at: datetime


async def note_look(
    session: AsyncSession, viewer: PersonId | None, subjects: Iterable[PersonId], what: Looked, *, now: datetime
) -> None:
    """Write down that the viewer looked at these people; a look at oneself is not written."""
    session.add_all(
        AccessRow(viewer_id=viewer, subject_id=subject, what=what.value, at=now)
        for subject in subjects
        if subject != viewer
    )
    await session.flush()


async def looked_at(session: AsyncSession, subject: PersonId, *, limit: int = 1000) -> list[Look]:
    """Who looked at the person, latest first."""
    rows = await session.execute(
        select(AccessRow.viewer_id, PersonRow.name, AccessRow.what, AccessRow.at)
        .join(PersonRow, PersonRow.id == AccessRow.viewer_id, isouter=True)
        .where(AccessRow.subject_id == subject)
        .order_by(AccessRow.at.desc(), AccessRow.id.desc())
        .limit(limit)
    )
    return [
        Look(None if viewer is None else PersonId(viewer), name, Looked(what), at) for viewer, name, what, at in rows
    ]


@dataclass(frozen=True)
class LookAt:
    """A look with whom it was at, for those who answer for a branch."""

    look: Look
    subject: PersonId
    subject_name: str


async def looks_in(session: AsyncSession, branches: Iterable[int], *, limit: int) -> list[LookAt]:
    """Who looked at people of these branches, latest first."""
    viewer = aliased(PersonRow)
    rows = await session.execute(
        select(AccessRow, viewer.name, PersonRow.id, PersonRow.name)
        .join(PersonRow, PersonRow.id == AccessRow.subject_id)
        .join(viewer, viewer.id == AccessRow.viewer_id, isouter=True)
        .where(PersonRow.branch_id.in_(list(branches)))
        .order_by(AccessRow.at.desc(), AccessRow.id.desc())
        .limit(limit)
    )
    return [
        LookAt(
            Look(None if row.viewer_id is None else PersonId(row.viewer_id), name, Looked(row.what), row.at),
            PersonId(subject),
            subject_name,
        )
        for row, name, subject, subject_name in rows
    ]
