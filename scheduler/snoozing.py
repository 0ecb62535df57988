"""「明天再提醒」: what one letter reminded of is asked again later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.tables import ReminderRow


async def snooze(session: AsyncSession, recipient: int, *, planned_at: datetime, until: datetime) -> int:
    """Let what that letter reminded the recipient of come again at `until`. Returns how many; 0 the second time."""
    result = await session.execute(
        update(ReminderRow)
        .where(ReminderRow.recipient_id == recipient, ReminderRow.planned_at == planned_at)
        .values(planned_at=None, remind_at=until)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0
