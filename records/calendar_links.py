"""Calendar addresses: one secret address a person, under which a calendar fetches their due dates."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from records.people import PersonId
from records.tables import CalendarLinkRow

TOKEN_BYTES = 32  # 256 bits: nobody guesses one, so a plain hash of it is enough


@dataclass(frozen=True)
class CalendarLink:
    """A person's address; the address itself is kept nowhere. `seed` tells its events from those of another one."""

    person: PersonId
    created_at: datetime
    seed: str


async def make_link(session: AsyncSession, person: PersonId, *, now: datetime) -> str:
    """A new token (43 letters, digits, - and _) for the person; the one before stops working."""
    await revoke_link(session, person)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(CalendarLinkRow(person_id=person, token_hash=_digest(token), created_at=now))
    await session.flush()
    return token


async def revoke_link(session: AsyncSession, person: PersonId) -> bool:
    """End the person's address; whether there was one."""
    gone = await session.execute(delete(CalendarLinkRow).where(CalendarLinkRow.person_id == person))
    return isinstance(gone, CursorResult) and bool(gone.rowcount)


async def link_of(session: AsyncSession, person: PersonId) -> CalendarLink | None:
    """The person's present address."""
    return _link(await session.scalar(select(CalendarLinkRow).where(CalendarLinkRow.person_id == person)))


async def link_by_token(session: AsyncSession, token: str) -> CalendarLink | None:
    """Whose address this is; None for one that is wrong or was revoked, which are the same."""
    return _link(await session.scalar(select(CalendarLinkRow).where(CalendarLinkRow.token_hash == _digest(token))))


def _link(row: CalendarLinkRow | None) -> CalendarLink | None:
    return None if row is None else CalendarLink(PersonId(row.person_id), row.created_at, row.token_hash)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
