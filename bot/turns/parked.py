"""Updates that no handler could deal with."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.tables import PARKED, InboxRow


async def parked_updates(session: AsyncSession) -> int:
    """How many were given up after the last try; what they said is not kept here."""
    return await session.scalar(select(func.count()).select_from(InboxRow).where(InboxRow.state == PARKED)) or 0
