"""What one letter reminded of comes again: when its reader asked for that, and when the letter never left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import Letter
from scheduler.tables import ReminderRow


async def snooze(session: AsyncSession, recipient: int, *, planned_at: datetime, until: datetime) -> int:
    """「明天再提醒」: let what that letter reminded of come again at `until`. Returns how many; 0 the second time."""
    result = await session.execute(
        update(ReminderRow)
        .where(ReminderRow.recipient_id == recipient, ReminderRow.planned_at == planned_at)
        .values(planned_at=None, remind_at=until)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


async def plan_again(session: AsyncSession, letter: Letter) -> None:
    """Let what an undelivered letter was to remind of stand in the next one, as far as it still applies then."""
    if (planned_at := letter.payload.get("planned_at")) is None or letter.recipient is None:
        return
    await session.execute(
        update(ReminderRow)
        .where(
            ReminderRow.recipient_id == letter.recipient,
            ReminderRow.planned_at == datetime.fromisoformat(planned_at),
        )
        .values(planned_at=None)
    )
