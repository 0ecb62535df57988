"""Consent: which version of the notice a person agreed to, and until when (PIPL Arts 13-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.people import AT_ONCE, PersonId
from records.tables import ConsentRow, StudyTurnRow


@dataclass(frozen=True)
class Consent:
    """One agreement; it holds while `withdrawn_at` is None."""

    version: str
    given_at: datetime
    withdrawn_at: datetime | None


async def give_consent(session: AsyncSession, person: PersonId, version: str, *, now: datetime) -> None:
    """The person agrees to this version; agreeing to the same one again changes nothing."""
    if await has_consented(session, person, version):
        return
    await withdraw_consent(session, person, now=now)  # an older version stops holding when a newer one begins
    session.add(ConsentRow(person_id=person, version=version, given_at=now))
    await session.merge(StudyTurnRow(person_id=person, next_at=AT_ONCE))
    await session.flush()


async def withdraw_consent(session: AsyncSession, person: PersonId, *, now: datetime) -> None:
    """Nothing that the person agreed to holds any longer."""
    await session.execute(
        update(ConsentRow)
        .where(ConsentRow.person_id == person, ConsentRow.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


async def has_consented(session: AsyncSession, person: PersonId, version: str) -> bool:
    """Whether the person's agreement to exactly this version holds."""
    found = await session.scalar(
        select(ConsentRow.id).where(
            ConsentRow.person_id == person, ConsentRow.version == version, ConsentRow.withdrawn_at.is_(None)
        )
    )
    return found is not None


async def consents_of(session: AsyncSession, person: PersonId) -> list[Consent]:
    """Every agreement of the person, oldest first."""
    rows = await session.scalars(select(ConsentRow).where(ConsentRow.person_id == person).order_by(ConsentRow.id))
    return [Consent(row.version, row.given_at, row.withdrawn_at) for row in rows]
